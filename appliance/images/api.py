"""`/images`: files that must be pictures."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Router, delete, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import EVERY
from appliance.accounts.whose import Named
from appliance.config import Config
from appliance.files import listing, service
from appliance.files.acts import Acts
from appliance.files.slots import Slots
from appliance.ledger.service import Asker, Ledger
from processors.profiles import IMAGE
from storage.links import Links
from storage.objects import Objects

IMAGES = Acts(IMAGE.name)


class NewImage(Named):
    """What a client asks a link for. The name is for showing; it is never part of a key."""

    filename: str


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
    async def create(self, data: NewImage, caller: Caller, asker: Asker, request: Request, slots: Slots) -> UploadLink:
        owner = data.must_name()
        caller.may_see(owner)
        return UploadLink(*await slots.open(request, asker, owner, IMAGE, service.PHOTO, data.filename))

    @get("/{image_id:uuid}", summary="One photo, its state and its versions")
    async def read(self, image_id: UUID, request: Request, caller: Caller, config: Config, links: Links) -> Any:
        return await IMAGES.shown(image_id, request, caller, config, links)

    @delete("/{image_id:uuid}", summary="Delete a photo with all its bytes")
    async def remove(self, image_id: UUID, caller: Caller, ledger: Ledger) -> None:
        await IMAGES.remove(image_id, caller, ledger)

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
    ) -> Any:
        return await IMAGES.uploaded(image_id, request, caller, config, links, reader, ledger)

    @post("/{image_id:uuid}/retry", status_code=200, summary="Process a failed photo again")
    async def retry(
        self, image_id: UUID, request: Request, caller: Caller, config: Config, links: Links, ledger: Ledger
    ) -> Any:
        return await IMAGES.retry(image_id, request, caller, config, links, ledger)


@get([f"/{root}/{{owner_id:str}}/images" for root in EVERY], tags=["images"], summary="An owner's photos, newest first")
async def list_images(
    owner_id: str,
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    limit: Annotated[int, Parameter(ge=1, le=listing.MOST_A_PAGE)] = 50,
    cursor: UUID | None = None,
    image_state: Annotated[str | None, Parameter(query="state")] = None,
    full: Annotated[str | None, Parameter(query="links")] = None,
) -> dict[str, Any]:
    """Keyset pages: give `next_cursor` as `cursor` to go on; it is null on the last page."""
    owner, place = listing.whose(request, owner_id), (limit, cursor, image_state, full)
    found, following = await listing.page(request, owner, caller, config, links, *place, kind=IMAGE.name)
    return {"images": found, "next_cursor": following}


router = Router("/", route_handlers=[ImageController, list_images])
