"""`/chats`: rooms, who is in them, and what is said there. `/chat/…` is the same."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import CHATS
from appliance.accounts.whose import Whose
from appliance.chats import messages, rooms
from appliance.chats.messages import Post
from appliance.chats.rooms import Door, Room
from appliance.config import Config
from appliance.errors import BadRequest, NotAllowed
from appliance.files.api import FileLink, NewFileOf, opened
from appliance.files.slots import Slots
from appliance.ledger.service import Asker
from appliance.live.doorbell import Doorbell
from appliance.logs import log
from appliance.public import linker
from storage import layout
from storage.links import Links

MOST_A_PAGE = 200
Limit = Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)]


class NewChat(msgspec.Struct, forbid_unknown_fields=True):
    """`members`: ids of users; who makes it by a token is one of them. `project_id`: the project whose webhooks are
    told of what a member has not read for long; with a token, the token's own.
    """

    title: str
    members: list[str] = []
    project_id: str | None = None
    id: str | None = None


class NewMessage(msgspec.Struct, forbid_unknown_fields=True):
    """`files`: ids of what was uploaded for this chat, in the order in which they are shown. With a `client_id` it can
    be sent again: it is said once.
    """

    text: str = ""
    files: list[UUID] = []
    client_id: str | None = None


class Read(msgspec.Struct, forbid_unknown_fields=True):
    """How far the room's events were read."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


def paths(rest: str) -> list[str]:
    """Both names of a route below a chat."""
    return [f"/{root}/{{owner_id:str}}{rest}" for root in (layout.CHATS, layout.CHAT)]


@post("/chats/", tags=["chats"], summary="Make a chat, with its folders and its first members")
async def create(data: NewChat, caller: Caller) -> Room:
    if caller.owner is not None and caller.person is None:
        raise NotAllowed("This needs a server key or a user's token")
    if data.project_id is not None:
        caller.may_see(Whose(layout.PROJECTS, data.project_id))
    members = [*data.members, *([caller.person] if caller.person else [])]
    return await rooms.opened(data.title, members, data.project_id, data.id)


@get("/chats", tags=["chats"], summary="The chats one is in, in the order of their ids; a server's key: all")
async def list_chats(caller: Caller, limit: Limit = 100, cursor: str = "") -> dict[str, Any]:
    """Give `next_cursor` as `cursor` to go on; it is null on the last page."""
    if caller.owner is not None and caller.person is None:
        raise NotAllowed("This needs a server key or a user's token")
    found = await rooms.rooms(caller.person if caller.owner else None, cursor, limit + 1)
    more = len(found) > limit
    return {"chats": found[:limit], "next_cursor": found[limit - 1].chat_id if more else None}


@get(paths(""), tags=["chats"], summary="One chat")
async def read_chat(owner_id: str, caller: Caller) -> Room:
    return await rooms.room(owner_id, await rooms.must_be_in(owner_id, caller))


@delete(paths(""), tags=["chats"], summary="Delete a chat with all its messages and bytes")
async def remove_chat(owner_id: str, caller: Caller) -> None:
    caller.must_be_server()
    await CHATS.delete(owner_id)


@get(paths("/members"), tags=["chats"], summary="Who is in a chat, in the order of their ids")
async def list_members(owner_id: str, caller: Caller, limit: Limit = 100, cursor: str = "") -> dict[str, Any]:
    await rooms.must_be_in(owner_id, caller)
    found = await rooms.members(owner_id, cursor, limit + 1)
    more = len(found) > limit
    return {"members": found[:limit], "next_cursor": found[limit - 1].user_id if more else None}


@put(paths("/members/{user:str}"), tags=["chats"], status_code=204, summary="Let a user in")
async def join(owner_id: str, user: str, caller: Caller, doorbell: Doorbell) -> None:
    """Twice is harmless."""
    caller.must_be_server()
    rooms.must_be_user(user)
    await CHATS.one(owner_id)
    await Door(doorbell.ring).join(owner_id, user)


@delete(paths("/members/{user:str}"), tags=["chats"], summary="Take a user out; oneself, with a user's token")
async def leave(owner_id: str, user: str, caller: Caller, doorbell: Doorbell) -> None:
    """From now on this one sees nothing of it. Twice is harmless."""
    person = await rooms.must_be_in(owner_id, caller)
    if person not in (None, user):
        raise NotAllowed("Only a server takes somebody else out")
    await Door(doorbell.ring).leave(owner_id, user)


@put(paths("/read"), tags=["chats"], status_code=204, summary="Say how far one has read")
async def mark_read(owner_id: str, data: Read, caller: Caller) -> None:
    """It never goes back."""
    person = await rooms.must_be_in(owner_id, caller)
    if person is None:
        raise BadRequest("A server reads nothing", Authorization="a user's token")
    await rooms.read(owner_id, person, data.seq)


@post(paths("/files"), tags=["chats"], summary="Get a link to upload a file for a chat by")
async def create_file(
    owner_id: str, data: NewFileOf, caller: Caller, asker: Asker, request: Request, slots: Slots
) -> FileLink:
    """Nobody but who sends it sees it, until a message has it."""
    person = await rooms.must_be_in(owner_id, caller)
    return await opened(data, request, slots, asker._replace(user=person), Whose(layout.CHATS, owner_id))


@post(paths("/messages"), tags=["chats"], summary="Say something, with files that were uploaded for the chat")
async def say(
    owner_id: str, data: NewMessage, request: Request, caller: Caller, config: Config, links: Links, doorbell: Doorbell
) -> Response[Any]:
    """201 for a new message, 200 with the first one for what the same `client_id` has said before."""
    messages.must_be_a_clients(data.client_id)
    person = await rooms.must_be_in(owner_id, caller)
    message, new = await Post(doorbell.ring).say(owner_id, person, data.text, data.files, data.client_id)
    if new:
        log.info("said", chat=owner_id, message=str(message.id), files=len(message.files))
    [told] = await messages.shown([message], linker(request, config, links))
    return Response(told, status_code=201 if new else 200)


@get(paths("/messages"), tags=["chats"], summary="What was said, the newest first")
async def list_messages(
    owner_id: str,
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    limit: Limit = 50,
    before: UUID | None = None,
) -> dict[str, Any]:
    """Keyset pages, stable while new ones come: give `next_before` as `before` to go on; it is null on the last one."""
    await rooms.must_be_in(owner_id, caller)
    return await messages.listed(owner_id, before, limit, linker(request, config, links))


@delete(paths("/messages/{message_id:uuid}"), tags=["chats"], summary="Delete a message with its files")
async def unsay(owner_id: str, message_id: UUID, caller: Caller, doorbell: Doorbell) -> None:
    """Its author's, and a server's to do."""
    person = await rooms.must_be_in(owner_id, caller)
    await Post(doorbell.ring).unsay(owner_id, message_id, person)
    log.info("unsaid", chat=owner_id, message=str(message_id))


router = Router(
    "/",
    route_handlers=[
        *(create, list_chats, read_chat, remove_chat, list_members, join, leave, mark_read),
        *(create_file, say, list_messages, unsay),
    ],
)
