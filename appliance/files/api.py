"""`/files`: a link to upload any kind of file by that is taken, and what became of it."""

from typing import Any

import msgspec
from litestar import Request, Router, post

from appliance.accounts.callers import Caller
from appliance.accounts.owners import OF_PEOPLE
from appliance.accounts.whose import Named, Whose, whose
from appliance.errors import NotTaken
from appliance.files import listing, service, uploads
from appliance.files.announced import sha256
from appliance.files.routes import routes
from appliance.files.slots import Opened, Slots
from appliance.files.uploads import Slice, slices
from appliance.ledger.service import Announced, Asker, Ledger
from appliance.ledger.states import State
from appliance.upkeep.retry import retry
from processors import profiles

MOST_RETRIED = 10_000  # in one request


class NewFileOf(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client asks a link for. The name is for showing, and a hint of the kind; it is never part of a key.

    `size` in bytes, where it is known: what is too large is refused before it is sent, and what is large is sent in
    parts. `checksum` is the SHA-256 of the whole file in hex: what comes is held to both.
    """

    filename: str
    size: int | None = None
    checksum: str | None = None


class NewFile(NewFileOf, kw_only=True):
    """The same, and whose it is to be."""

    project_id: int | str | None = None
    user_id: int | str | None = None


class Retry(msgspec.Struct, forbid_unknown_fields=True):
    """Which of the failed files to try again: those of one reason, or all."""

    code: str | None = None


class InParts(msgspec.Struct):
    """How a large file is cut; `POST /files/{file_id}/upload/parts` gives the links."""

    part_size: int
    parts: list[Slice]


class FileLink(msgspec.Struct):
    """Send every pair of `params`, then the field `file`, as multipart/form-data to `upload_link`.

    A large file has the parts of `upload` to be sent instead; where storage is not ours it is PUT to
    `/files/{file_id}/content`. A file that its owner has already, by its size and its checksum, is `uploaded`: there is
    nothing to send.
    """

    file_id: str
    progress_id: str
    state: str
    upload_link: str | None
    params: dict[str, str] | None
    upload: InParts | None
    expires_at: Any


@post("/files/", tags=["files"], summary="Get a link to upload a file by")
async def create(data: NewFile, caller: Caller, asker: Asker, request: Request, slots: Slots) -> FileLink:
    owner = Named(project_id=data.project_id, user_id=data.user_id).must_name()
    caller.may_see(owner)
    return await opened(data, request, slots, asker, owner)


async def opened(data: NewFileOf, request: Request, slots: Slots, asker: Asker, owner: Whose) -> FileLink:
    """A slot for a file that is to be `owner`'s. Raises BadRequest, NotTaken, and as Slots do."""
    said = Announced(data.size, None if data.checksum is None else sha256(data.checksum, "checksum"))
    return link(await slots.open(request, asker, owner, _profile(data), service.FILE, data.filename, said))


def link(slot: Opened) -> FileLink:
    """What a client is told of an upload that may begin."""
    upload = InParts(slot.plan.part_size, slices(slot.plan)) if slot.plan else None
    state = State.UPLOADED if slot.there else State.INIT
    return FileLink(slot.id, slot.id, state, slot.upload_link, slot.params, upload, slot.expires_at)


def _profile(data: NewFileOf) -> profiles.Profile:
    """The profile that the name hints at. Raises NotTaken."""
    profile = profiles.suggested(data.filename)
    if profile is None:
        raise NotTaken(filename=f"what is taken: {profiles.taken()}")
    return profile


@post(
    [f"/{root}/{{owner_id:str}}/retry" for root in OF_PEOPLE],
    tags=["files"],
    status_code=200,
    summary="Process failed files again",
)
async def retry_failed(
    owner_id: str, request: Request, caller: Caller, ledger: Ledger, data: Retry | None = None
) -> dict[str, Any]:
    """Those of one `code`, or all; `more` says that there are some left to ask for. What has no file stays as it is."""
    owner = whose(request, owner_id)
    caller.may_see(owner)
    await listing.bounds(owner)
    return (await retry(ledger, owner, data.code if data else None, MOST_RETRIED)).told()


router = Router("/", route_handlers=[create, *routes("files", None, "complete"), uploads.router, retry_failed])
