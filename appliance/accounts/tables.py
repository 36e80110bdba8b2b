"""Projects, users, chats, and server keys."""

from piccolo.columns import Boolean, Serial, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class Owner(Table):
    """An owner of files. `deleted_at` is set while its bytes are being removed."""

    id = Varchar(length=64, primary_key=True)
    name = Varchar(length=200)
    created_at = Timestamptz(default=TimestamptzNow())
    deleted_at = Timestamptz(null=True, default=None)


class Project(Owner, tablename="projects"):
    """A store of files that several people work with."""


class User(Owner, tablename="users"):
    """One person, as the application that asks knows them."""


class Chat(Owner, tablename="chats"):
    """A room of people; `name` is its title. `project`: the one that is told of what its members have not read for
    long. Once that is deleted the chat goes on without one, and nobody is told.
    """

    project = Varchar(length=64, null=True, default=None)


class ApiKey(Table, tablename="api_keys"):
    """A server's key: only the SHA-256 of it is kept."""

    id = Serial(primary_key=True)
    name = Varchar(length=200)
    sha256 = Varchar(length=64, unique=True)
    admin = Boolean(default=False)
    created_at = Timestamptz(default=TimestamptzNow())
    revoked_at = Timestamptz(null=True, default=None)
