"""`/images`: files that must be pictures."""

from typing import Any

import msgspec
from litestar import Request, Router, post

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Named
from appliance.files import service
from appliance.files.routes import routes
from appliance.files.slots import Slots
from appliance.ledger.service import Asker
from processors.profiles import IMAGE


class NewImage(Named):
    """What a client asks a link for. The name is for showing; it is never part of a key."""

    filename: str


class UploadLink(msgspec.Struct):
    """Send every pair of `params`, then the field `file`, as multipart/form-data to `upload_link`."""

    image_id: str
    upload_link: str
    params: dict[str, str]
    expires_at: Any


@post("/images/", tags=["images"], summary="Get a link to upload a photo by")
async def create(data: NewImage, caller: Caller, asker: Asker, request: Request, slots: Slots) -> UploadLink:
    owner = data.must_name()
    caller.may_see(owner)
    opened = await slots.open(request, asker, owner, IMAGE, service.PHOTO, data.filename)
    assert opened.upload_link is not None
    assert opened.params is not None  # in parts come only files whose size was named
    return UploadLink(opened.id, opened.upload_link, opened.params, opened.expires_at)


router = Router("/", route_handlers=[create, *routes("images", IMAGE.name, "uploaded")])
