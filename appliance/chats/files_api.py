"""`/chat/{id}/file`: a message with its file in one form, and the files that messages have. `/chats/…` is the same."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post, put

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.chats import access, attachments, messages, rooms
from appliance.chats.api import paths
from appliance.chats.messages import Message, Post
from appliance.chats.sending import Sending
from appliance.config import Config
from appliance.errors import NotFound
from appliance.ledger.service import Asker, Ledger
from appliance.live.doorbell import Doorbell
from appliance.logs import log
from appliance.public import linker
from storage import layout
from storage.links import Links
from storage.objects import Objects

FILE = "/file/{file_id:uuid}"


@post(
    paths("/file"),
    tags=["chats"],
    request_max_body_size=None,
    summary="Send a file to a chat, with what is said of it, as one form",
)
async def send(
    owner_id: str, request: Request, caller: Caller, asker: Asker, sending: Sending, config: Config, links: Links
) -> Response[Any]:
    """The fields are `file`, and `text` and `client_id` if there are any. It is looked at before it is stored: what is
    of no kind that is taken is refused; what only decoding finds becomes its `error`. 201 for a new message, 200 with
    the first one for what the same `client_id` has sent before.
    """
    person = await rooms.must_be_in(owner_id, caller)
    message, new = await sending.take(request, owner_id, person, asker._replace(user=person))
    return await _told(message, new, request, config, links)


@get(paths(FILE), tags=["chats"], summary="A file of a chat as it is now, with links that are good")
async def read(
    owner_id: str,
    file_id: UUID,
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    reader: Objects,
    ledger: Ledger,
) -> Any:
    """Storage is asked: a file that is gone from it is an `error` with the code `object_missing`."""
    await rooms.must_be_in(owner_id, caller)
    found = await access.seen(file_id, caller)
    if found.whose != Whose(layout.CHATS, owner_id):
        raise NotFound("There is no such file")
    found = await attachments.look(found, reader, ledger)
    return messages.path_of(found) | found.shown(linker(request, config, links), full=True)


@put(paths(FILE), tags=["chats"], summary="Publish an uploaded file in a chat, or forward one from elsewhere")
async def publish(
    owner_id: str,
    file_id: UUID,
    request: Request,
    caller: Caller,
    asker: Asker,
    config: Config,
    links: Links,
    doorbell: Doorbell,
) -> Response[Any]:
    """201 with a new message; 200 with the one that has it already. A forwarded file is one of its own that shares the
    bytes: who may see it, and when it is deleted, says the chat it is in.
    """
    person = await rooms.must_be_in(owner_id, caller)
    found = await access.seen(file_id, caller)
    message, new = await attachments.publish(Post(doorbell.ring), owner_id, person, found, asker._replace(user=person))
    return await _told(message, new, request, config, links)


@delete(paths(FILE), tags=["chats"], summary="Delete a file of a message; the message stays")
async def remove(owner_id: str, file_id: UUID, caller: Caller, ledger: Ledger) -> None:
    """Its author's, and a server's to do. Twice is harmless."""
    person = await rooms.must_be_in(owner_id, caller)
    await attachments.remove(ledger, owner_id, file_id, person)


async def _told(message: Message, new: bool, request: Request, config: Config, links: Links) -> Response[Any]:
    if new:
        log.info("said", chat=message.chat, message=str(message.id), files=len(message.files))
    [told] = await messages.shown([message], linker(request, config, links))
    return Response(told, status_code=201 if new else 200)


router = Router("/", route_handlers=[send, read, publish, remove])
