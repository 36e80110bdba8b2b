"""`/admin/keys`: the keys with which servers call the API. Those of S3 stay with ./ops/key."""

from datetime import datetime

import msgspec
from litestar import Router, get, post

from appliance.accounts import keys
from appliance.accounts.callers import Caller
from appliance.errors import Conflict
from appliance.logs import log

TAGS = ["admin"]


class ShownKey(msgspec.Struct, frozen=True):
    """A key without its secret. `yours`: the one that asks goes by this name."""

    name: str
    admin: bool
    created_at: datetime
    revoked_at: datetime | None
    yours: bool


class ShownKeys(msgspec.Struct, frozen=True):
    keys: list[ShownKey]


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """`name`: what it is for, to recognise it by. `admin`: it may also do what is below /admin and /settings."""

    name: str
    admin: bool = False


class MadeKey(msgspec.Struct, frozen=True):
    """`key` can be read this once: only its SHA-256 is kept."""

    name: str
    admin: bool
    key: str


class NamedKey(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Revoked(msgspec.Struct, frozen=True):
    """How many keys of the name were withdrawn."""

    name: str
    revoked: int


@get("/admin/keys", tags=TAGS, summary="All server keys, the oldest first; those that were revoked, too")
async def list_keys(caller: Caller) -> ShownKeys:
    caller.must_be_admin()
    return ShownKeys([ShownKey(*key, yours=_is(caller, key.name)) for key in await keys.listed()])


@post("/admin/keys", tags=TAGS, summary="Make a server key; it is shown this once")
async def create_key(data: NewKey, caller: Caller) -> MadeKey:
    caller.must_be_admin()
    made = await keys.create(data.name, data.admin)
    log.info("key made", name=data.name, admin=data.admin, by=caller.name)
    return MadeKey(data.name, data.admin, made)


@post("/admin/keys/revoke", tags=TAGS, status_code=200, summary="Withdraw every key of a name")
async def revoke_key(data: NamedKey, caller: Caller) -> Revoked:
    """It is refused within five seconds; tokens that were made with it live on to their end, an hour at most. Not the
    key that asks: nobody is to lock themselves out by a slip.
    """
    caller.must_be_admin()
    if _is(caller, data.name):
        raise Conflict("This is the key that asks; revoke it with another one, or with ./ops/apikey")
    revoked = await keys.revoke(data.name)
    log.info("key revoked", name=data.name, by=caller.name)
    return Revoked(data.name, revoked)


def _is(caller: Caller, name: str) -> bool:
    return caller.server and caller.name == name


router = Router("/", route_handlers=[list_keys, create_key, revoke_key])
