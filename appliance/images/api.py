"""`/images`: a link to upload by, and what became of it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Router, delete, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import EVERY
from appliance.accounts.whose import Named, Whose
from appliance.config import Config
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.images import service
from appliance.images.filenames import clean
from appliance.images.hints import stored, taken_in
from appliance.ledger.service import Asker, Ledger
from appliance.ledger.states import SHOWN
from appliance.live.service import bounds
from appliance.logs import log
from appliance.public import linker, public_url
from appliance.quotas.room import Room
from appliance.upkeep.retry import retry
from storage import layout
from storage.links import Links, UploadForms
from storage.objects import Objects

MOST_A_PAGE = 200
MOST_RETRIED = 10_000  # in one request


class NewImage(Named):
    """What a client asks a link for. The name is for showing; it is never part of a key."""

    filename: str


class Retry(msgspec.Struct, forbid_unknown_fields=True):
    """Which of the failed photos to try again: those of one reason, or all."""

    code: str | None = None


class UploadLink(msgspec.Struct):
    """Send every pair of `params`, then the field `file`, as multipart/form-data to `upload_link`."""

    image_id: str
    upload_link: str
    params: dict[str, str]
    expires_at: Any


class ImageController(Controller):
    path = "/images"
    tags = ("images",)

    @post("/", summary="Get a link to upload a photo by")
    async def create(
        self,
        data: NewImage,
        caller: Caller,
        asker: Asker,
        room: Room,
        request: Request,
        config: Config,
        ledger: Ledger,
        forms: UploadForms,
    ) -> UploadLink:
        owner = data.must_name()
        caller.may_see(owner)
        filename = clean(data.filename)
        await room.check()
        slot = await ledger.open_slot(
            *owner,
            service.FOLDER,
            service.KIND,
            service.LANE,
            service.RECIPE,
            filename,
            config.form_seconds,
            asker,
        )
        if slot is None:
            raise NotFound(f"There is no such {owner.noun}")
        log.info("link issued", asset=str(slot.id), **{owner.noun: owner.id})
        key = layout.original_key(*owner, service.FOLDER, slot.id)
        form = forms.form(key, config.max_image_bytes, config.form_seconds)
        return UploadLink(str(slot.id), public_url(request, config) + form.path, form.params, slot.expires_at)

    @get("/{image_id:uuid}", summary="One photo, its state and its versions")
    async def read(
        self, image_id: UUID, request: Request, caller: Caller, config: Config, links: Links
    ) -> dict[str, Any]:
        found = await self._seen(image_id, caller)
        return found.shown(linker(request, config, links), full=True)

    @delete("/{image_id:uuid}", summary="Delete a photo with all its bytes")
    async def remove(self, image_id: UUID, caller: Caller, ledger: Ledger) -> None:
        await self._seen(image_id, caller)
        if not await ledger.remove([image_id]):
            raise NotFound("There is no such image")
        log.info("deleted", asset=str(image_id))

    @post("/{image_id:uuid}/uploaded", status_code=200, summary="Hint that the upload is complete")
    async def hint(
        self,
        image_id: UUID,
        request: Request,
        caller: Caller,
        config: Config,
        links: Links,
        reader: Objects,
        ledger: Ledger,
    ) -> dict[str, Any]:
        """Storage is asked whether that is so. Which bytes came first is for its notification, or the sweep, to say."""
        found = await self._seen(image_id, caller)
        if found.version_id is None:
            if not await stored(reader, found):
                raise Conflict("Storage does not hold this file yet; send the form first")
            await ledger.hurry(image_id)
            found = await taken_in(found)
        return found.shown(linker(request, config, links), full=True)

    @post("/{image_id:uuid}/retry", status_code=200, summary="Process a failed photo again")
    async def retry(
        self, image_id: UUID, request: Request, caller: Caller, config: Config, links: Links, ledger: Ledger
    ) -> dict[str, Any]:
        found = await self._seen(image_id, caller)
        if not await ledger.retry([image_id]):
            reason = "its file never arrived; upload it again" if found.original is None else f"it is {found.state}"
            raise Conflict(f"This image can't be tried again: {reason}")
        log.info("tried again", asset=str(image_id))
        return (await service.image(image_id)).shown(linker(request, config, links), full=True)

    async def _seen(self, image_id: UUID, caller: Caller) -> service.Image:
        found = await service.image(image_id)
        caller.may_see(found.whose, "image")
        return found


def _whose(request: Request, owner_id: str) -> Whose:
    """The owner that the path names."""
    return Whose(request.url.path.split("/")[1], owner_id)


@get([f"/{root}/{{owner_id:str}}/images" for root in EVERY], tags=["images"], summary="An owner's photos, newest first")
async def list_images(
    owner_id: str,
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 50,
    cursor: UUID | None = None,
    image_state: Annotated[str | None, Parameter(query="state")] = None,
    full: Annotated[str | None, Parameter(query="links")] = None,
) -> dict[str, Any]:
    """Keyset pages: give `next_cursor` as `cursor` to go on; it is null on the last page."""
    if image_state is not None and image_state not in SHOWN:
        raise BadRequest("There is no such state", state=f"one of {', '.join(SHOWN)}")
    if full not in (None, "full"):
        raise BadRequest("The query is not valid", links="full, or nothing")
    owner = _whose(request, owner_id)
    caller.may_see(owner)
    stream = (await bounds(owner)).stream
    images, following = await service.page(stream, image_state, cursor, limit)
    made = linker(request, config, links)
    return {"images": [image.shown(made, bool(full)) for image in images], "next_cursor": following and str(following)}


@post(
    [f"/{root}/{{owner_id:str}}/retry" for root in EVERY],
    tags=["images"],
    status_code=200,
    summary="Process failed files again",
)
async def retry_failed(
    owner_id: str, request: Request, caller: Caller, ledger: Ledger, data: Retry | None = None
) -> dict[str, Any]:
    """Those of one `code`, or all; `more` says that there are some left to ask for. What has no file stays as it is."""
    owner = _whose(request, owner_id)
    caller.may_see(owner)
    await bounds(owner)
    return (await retry(ledger, owner, data.code if data else None, MOST_RETRIED)).told()


router = Router("/", route_handlers=[ImageController, list_images, retry_failed])
