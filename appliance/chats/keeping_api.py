"""`/chats/{id}/retention` and `/hold`: how long a chat keeps what was said, and that nothing of it may be deleted."""

from typing import Annotated

import msgspec
from litestar import Router, delete, put

from appliance.accounts.callers import Caller
from appliance.chats import keeping, rooms
from appliance.chats.api import paths
from appliance.chats.rooms import Room
from appliance.errors import BadRequest
from appliance.logs import log


class NewRetention(msgspec.Struct, forbid_unknown_fields=True):
    """For how many days a message is kept; null: for ever."""

    days: Annotated[int, msgspec.Meta(ge=1, le=keeping.MOST_DAYS)] | None


class NewHold(msgspec.Struct, forbid_unknown_fields=True):
    """Why; only servers are told."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@put(paths("/retention"), tags=["chats"], summary="Say for how long a chat keeps what was said")
async def put_retention(owner_id: str, data: NewRetention, caller: Caller) -> Room:
    """Older messages go with their files, soon after, as if a server deleted them; the room's event `message_deleted`
    has the reason `retention`.
    """
    caller.must_be_server()
    await keeping.keep(owner_id, data.days)
    log.info("retention set", chat=owner_id, days=data.days, by=caller.name)
    return await rooms.room(owner_id, None)


@put(paths("/hold"), tags=["chats"], summary="Put a chat under a legal hold")
async def put_hold(owner_id: str, data: NewHold, caller: Caller) -> Room:
    """Once this is answered nothing of what was said can be deleted, by nobody and not by its age, until the hold is
    lifted: 409 `legal_hold`. What was deleted before stays so, and an upload that no message has goes as ever. Only a
    server sees the hold in the chat, with its reason; a member meets it where a deletion is refused. Again: another
    reason, since when stays.
    """
    caller.must_be_server()
    if not data.reason.strip():
        raise BadRequest("A legal hold needs a reason", reason="1 to 500 characters")
    await keeping.hold(owner_id, data.reason)
    log.info("legal hold", chat=owner_id, reason=data.reason, by=caller.name)
    return await rooms.room(owner_id, None)


@delete(paths("/hold"), tags=["chats"], summary="Lift a chat's legal hold")
async def lift_hold(owner_id: str, caller: Caller) -> None:
    """Twice is harmless. What is past its retention goes from now on."""
    caller.must_be_server()
    if (reason := await keeping.release(owner_id)) is not None:
        log.info("legal hold lifted", chat=owner_id, reason=reason, by=caller.name)


router = Router("/", route_handlers=[put_retention, put_hold, lift_hold])
