"""`/profiles/uploads`: links to upload by what a profile is to have, and how that looks. For users alone."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.config import Config
from appliance.errors import BadRequest
from appliance.files.announced import sha256
from appliance.files.api import FileLink, NewFileOf, link
from appliance.files.versions import Linker
from appliance.ledger.service import Announced, Asker
from appliance.profiles import uploads
from appliance.profiles.claims import path_of
from appliance.profiles.media import For, versions
from appliance.profiles.roles import ROLES
from appliance.profiles.uploads import Upload, Uploads
from appliance.public import linker
from storage import layout
from storage.links import Links

ONE = "/profiles/uploads/{file_id:uuid}"


class NewUpload(NewFileOf, kw_only=True):
    """The same as a file, and its role: image, logo or video. Of the name nothing is kept."""

    role: str


class UploadLink(FileLink):
    """A link as that to a file; `path` is what a profile that is sent in names it by."""

    role: str
    path: str


def _user(caller: Caller) -> Whose:
    """Whom this token is of. Raises NotAllowed for what is of no user."""
    return Whose(layout.USERS, caller.must_be_user())


@post("/profiles/uploads", tags=["profiles"], summary="Get a link to upload a picture, a logo or a video by")
async def create(
    data: NewUpload, caller: Caller, asker: Asker, request: Request, profile_uploads: Uploads
) -> UploadLink:
    """In place of what was uploaded as the same before."""
    owner, role = _user(caller), ROLES.get(data.role)
    if role is None:
        raise BadRequest("There is no such role", role=f"one of {', '.join(ROLES)}")
    said = Announced(data.size, None if data.checksum is None else sha256(data.checksum, "checksum"))
    slot = await profile_uploads.open(request, asker, owner, role, data.filename, said)
    return UploadLink(**msgspec.structs.asdict(link(slot)), role=role.name, path=path_of(UUID(slot.id)))


@get("/profiles/uploads", tags=["profiles"], summary="What one has uploaded for a profile, and not sent in")
async def listed(request: Request, caller: Caller, config: Config, links: Links) -> dict[str, Any]:
    made = linker(request, config, links)
    return {"uploads": [_shown(one, made) for one in await uploads.listed(_user(caller).id, config)]}


@get(ONE, tags=["profiles"], summary="One upload, its state and what can be seen of it")
async def read(file_id: UUID, request: Request, caller: Caller, config: Config, links: Links) -> Any:
    """Also a file of a profile that was sent in."""
    return _shown(await uploads.one(_user(caller).id, file_id, config), linker(request, config, links))


@delete(ONE, tags=["profiles"], summary="Take an upload back")
async def remove(file_id: UUID, caller: Caller, profile_uploads: Uploads) -> None:
    """What a profile that was sent in has stays with that."""
    await profile_uploads.drop(_user(caller).id, file_id)


def _shown(upload: Upload, made: Linker) -> dict[str, Any]:
    told = upload.file.shown(made, full=False)
    return {
        **{name: told[name] for name in ("state", "error", "kind", "facts")},
        "role": upload.role,
        "path": path_of(upload.file.id),
        "preview": versions(upload.role, upload.file, For.OWNER, made),
        "expires_at": upload.expires_at,
    }


# Those who sign in by a wallet may do all of this.
router = Router("/", route_handlers=[create, listed, read, remove], opt={"limited": True})
