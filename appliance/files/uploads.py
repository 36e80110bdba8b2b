"""Sending a large file: in parts by links to storage, or as one body through the server."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put

from appliance.accounts.callers import Caller
from appliance.chats import access
from appliance.config import Config
from appliance.errors import BadRequest, WrongPart
from appliance.files import announced, service
from appliance.files.content import ContentDoor
from appliance.files.hints import stored, taken_in
from appliance.files.parts import Parts
from appliance.files.routes import SENDING
from appliance.ledger import uploads
from appliance.ledger.database import fetch_one
from appliance.ledger.service import Ledger
from appliance.public import linker, public_url
from appliance.quotas.room import Room
from storage.links import Links
from storage.objects import Objects
from storage.parts import Plan
from storage.signing import Body

PATH = "/files/{file_id:uuid}"
MOST_LINKS = 200  # in one answer


class Slice(msgspec.Struct):
    """One part of a file: `size` bytes from `offset` on; `there`: storage has it."""

    part: int
    offset: int
    size: int
    there: bool = False


class Uploading(msgspec.Struct):
    """How a file is cut, which of its parts are there, and which are missing. What came whole has neither."""

    file_id: str
    state: str | None
    filename: str
    size: int | None
    checksum: str | None
    part_size: int | None
    parts: list[Slice]
    missing: list[int]
    expires_at: Any


class WantedPart(msgspec.Struct, forbid_unknown_fields=True):
    """A part to get a link for: its number, its bytes, and their SHA-256 in hex."""

    part: int
    size: int
    sha256: str


class WantedParts(msgspec.Struct, forbid_unknown_fields=True):
    parts: list[WantedPart]


class PartLink(msgspec.Struct):
    """PUT the bytes of the part to `upload_link`, with nothing around them."""

    part: int
    upload_link: str


class MadeLinks(msgspec.Struct):
    parts: list[PartLink]
    expires_at: Any


def slices(plan: Plan, there: set[int] = frozenset()) -> list[Slice]:  # type: ignore[assignment]
    """Every part of a file, in order."""
    return [Slice(n, plan.offset(n), plan.length(n), n in there) for n in range(1, plan.count + 1)]


async def _seen(file_id: UUID, caller: Caller) -> service.File:
    """Raises NotFound, also for what this caller may not know of, and NotAllowed."""
    return await access.seen(file_id, caller, change=True)


@get(f"{PATH}/upload", tags=["files"], opt=SENDING, summary="Which parts of a file are there, and which are missing")
async def uploading(file_id: UUID, caller: Caller, parts: Parts, reader: Objects) -> Uploading:
    """Good for going on after a lost connection, or in another browser: storage is asked each time."""
    found = await _seen(file_id, caller)
    upload = await uploads.upload(file_id)
    there = {part.number for part in await parts.there(found, upload)} if upload else set()
    if upload is None or (not there and await stored(reader, found)):
        return Uploading(str(file_id), found.told_state, found.filename, found.size, found.sha256, None, [], [], None)
    told = slices(upload.plan, there)
    missing = [one.part for one in told if not one.there]
    plan = upload.plan
    about = (str(file_id), found.told_state, found.filename, plan.size, upload.sha256, plan.part_size)
    return Uploading(*about, told, missing, upload.expires_at)


@post(
    f"{PATH}/upload/parts",
    tags=["files"],
    status_code=200,
    opt=SENDING,
    summary="Get links to send parts of a file by",
)
async def links(
    file_id: UUID, data: WantedParts, request: Request, caller: Caller, config: Config, parts: Parts, room: Room
) -> MadeLinks:
    """Each link lets one part through, of this length and this checksum alone; it can be used again."""
    found = await _seen(file_id, caller)
    upload = await uploads.upload(file_id)
    wanted = _wanted(data, upload.plan if upload else None)
    await room.check()
    expires_at = datetime.now(UTC) + timedelta(seconds=config.form_seconds)
    made, prefix = await parts.links(found, wanted, config.form_seconds), public_url(request, config)
    return MadeLinks([PartLink(part, prefix + path) for part, path in made.items()], expires_at)


def _wanted(data: WantedParts, plan: Plan | None) -> dict[int, Body]:
    """Raises BadRequest, and WrongPart for what is no part as the file was to be cut."""
    if not 1 <= len(data.parts) <= MOST_LINKS:
        raise BadRequest("So many parts can't be asked for at once", parts=f"1 to {MOST_LINKS}")
    for one in data.parts if plan else ():
        assert plan is not None
        if not 1 <= one.part <= plan.count:
            raise WrongPart(f"There is no part {one.part}", part=f"1 to {plan.count}")
        if one.size != plan.length(one.part):
            raise WrongPart(f"Part {one.part} is not of its size", size=f"{plan.length(one.part)} bytes")
    return {one.part: Body(one.size, announced.sha256(one.sha256, "sha256")) for one in data.parts}


async def _for_a_profile(file_id: UUID) -> bool:
    return await fetch_one("SELECT FROM profile_uploads WHERE asset = $1", file_id) is not None


@put(
    f"{PATH}/content",
    tags=["files"],
    status_code=200,
    opt=SENDING,
    request_max_body_size=None,
    summary="Send a file as one body, through the server",
)
async def content(
    file_id: UUID,
    request: Request,
    caller: Caller,
    config: Config,
    content_door: ContentDoor,
    links: Links,
    ledger: Ledger,
    room: Room,
) -> Any:
    """For clients that can't reach storage. The bytes are streamed; they need a Content-Length."""
    found = await _seen(file_id, caller)
    # Only its size as it was announced holds what is to be a profile's to what its role may have.
    await content_door.take(request, found, room, caller.person, sized=await _for_a_profile(file_id))
    await ledger.hurry(file_id)
    found = await taken_in(await service.file(file_id))
    return found.shown(linker(request, config, links), full=True)


router = Router("/", route_handlers=[uploading, links, content])
