"""`POST /chats/{id}/typing`: the others in the room are told who types."""

from litestar import Router, post
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.chats import rooms
from appliance.chats.api import paths
from appliance.errors import BadRequest
from appliance.live import typing
from appliance.live.service import bounds
from storage import layout


@post(paths("/typing"), tags=["chats"], status_code=204, summary="Say that one types")
async def say_typing(owner_id: str, caller: Caller, redis: Redis) -> None:
    """Those who listen now are told, once a second at most: what comes sooner is dropped. Nothing is kept."""
    person = await rooms.must_be_in(owner_id, caller)
    if person is None:
        raise BadRequest("A server types nothing", Authorization="a user's token")
    await typing.tell(redis, (await bounds(Whose(layout.CHATS, owner_id))).stream, person)


router = Router("/", route_handlers=[say_typing])
