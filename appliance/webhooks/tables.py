"""Webhooks, and every attempt to deliver to one."""

from piccolo.columns import UUID, Array, BigInt, BigSerial, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.defaults.uuid import UUID4
from piccolo.table import Table

from appliance.accounts.tables import Project


class Webhook(Table, tablename="webhooks"):
    """A receiver of a project's events. `cursor` is the last event it has taken, `due_at` when it is tried again."""

    id = UUID(primary_key=True, default=UUID4())
    project = ForeignKey(references=Project)
    url = Text()
    secret = Text(secret=True)  # kept as it is, since every message is signed with it
    events = Array(base_column=Varchar())  # what it wants to be told; all when empty
    cursor = BigInt()
    failures = Integer(default=0)  # in a row, of one event
    failing_since = Timestamptz(null=True, default=None)
    last_error = Text(null=True, default=None)
    due_at = Timestamptz(default=TimestamptzNow())
    disabled_at = Timestamptz(null=True, default=None)
    disabled_reason = Text(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow())


class Attempt(Table, tablename="webhook_attempts"):
    """One message sent, and what came back. `status` is HTTP's; `error` says in words why it does not count."""

    id = BigSerial(primary_key=True)
    webhook = ForeignKey(references=Webhook)
    message = Text()
    seq = BigInt()
    asset = UUID(null=True, default=None)
    at = Timestamptz(default=TimestamptzNow())
    milliseconds = Integer()
    status = SmallInt(null=True, default=None)
    error = Text(null=True, default=None)
