"""What was set and by whom, the set that is in force, and every change there has been."""

from enum import StrEnum

from piccolo.columns import JSONB, BigInt, BigSerial, Boolean, Text, Timestamptz
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class Layer(StrEnum):
    """Where a value comes from; each later one goes before those above it."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"
    DATABASE = "database"


class Action(StrEnum):
    """What can be read in the history."""

    SET = "set"
    UNSET = "unset"
    SYNC = "sync"
    RESTORE = "restore"


class Stored(Table, tablename="settings"):
    """A value in one of the layers that are kept, as the text that was given. `set_by`: a person, a host or a file."""

    id = BigSerial(primary_key=True)
    layer = Text()
    key = Text()
    value = Text(secret=True)
    set_by = Text()
    set_at = Timestamptz(default=TimestamptzNow())


class Published(Table, tablename="settings_published"):
    """The set in force, one row: what the last sync that ended well told. No secrets in it."""

    single = Boolean(primary_key=True, default=True)
    generation = BigInt()
    told = JSONB()
    synced_by = Text()
    synced_at = Timestamptz(default=TimestamptzNow())


class Change(Table, tablename="settings_history"):
    """Who did what. `undoes`: the change that this one took back. Of secrets it is told that they changed, not how."""

    id = BigSerial(primary_key=True)
    at = Timestamptz(default=TimestamptzNow())
    who = Text()
    via = Text()
    action = Text()
    layer = Text(null=True, default=None)
    key = Text(null=True, default=None)
    old = Text(null=True, default=None)
    new = Text(null=True, default=None)
    generation = BigInt(null=True, default=None)
    note = Text(null=True, default=None)
    undoes = BigInt(null=True, default=None)
