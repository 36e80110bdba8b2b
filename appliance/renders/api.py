"""`/images/{id}/render`: a picture at any size, made when it is first asked for."""

import time
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import Parameter
from litestar.response import Redirect

from appliance.accounts.callers import Caller
from appliance.accounts.owners import OF_PEOPLE
from appliance.accounts.whose import whose
from appliance.chats import access
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files import service
from appliance.live.service import bounds
from appliance.public import linker, public_url
from appliance.renders.errors import BadSignature, NotAPicture, NotListed, NotReady
from appliance.renders.parameters import Wanted, Wish
from appliance.renders.service import Renders
from appliance.renders.signing import Signatures
from processors.profiles import IMAGE
from processors.recipes import Fit
from processors.renditions import MOST_SIDE
from storage.links import Links

MOST_SECONDS = 366 * 24 * 3600  # that a signature is good
Side = Annotated[int, msgspec.Meta(ge=0, le=MOST_SIDE)]
Quality = Annotated[int, msgspec.Meta(ge=0, le=100)]


class NewSignature(msgspec.Struct, forbid_unknown_fields=True):
    """Sides in pixels, at least one of them; `q` 1 to 100; `ttl` in seconds."""

    w: Side = 0
    h: Side = 0
    fit: Fit = Fit.INSIDE
    format: Wanted = Wanted.AUTO
    q: Quality = 0
    ttl: Annotated[int, msgspec.Meta(ge=1, le=MOST_SECONDS)] = 24 * 3600


class Signed(msgspec.Struct):
    """An address that needs no token."""

    url: str
    expires_at: datetime


class RenderKey(msgspec.Struct):
    """By it a server signs addresses of this owner's pictures itself."""

    key: str


@get(
    "/images/{file_id:uuid}/render",
    tags=["images"],
    status_code=302,
    signed=True,
    summary="A picture at a size of your choice",
)
async def render(
    file_id: UUID,
    request: Request,
    config: Config,
    links: Links,
    renders: Renders,
    signatures: Signatures,
    width: Annotated[int, Parameter(query="w", ge=0, le=MOST_SIDE)] = 0,
    height: Annotated[int, Parameter(query="h", ge=0, le=MOST_SIDE)] = 0,
    fit: Fit = Fit.INSIDE,
    wanted: Annotated[Wanted, Parameter(query="format")] = Wanted.AUTO,
    quality: Annotated[int, Parameter(query="q", ge=0, le=100)] = 0,
    signature: Annotated[str | None, Parameter(query="sig")] = None,
) -> Redirect:
    """Made once, and then there: the answer leads to it. Listed sizes are for everybody who may see the picture, others
    for whom a server has signed them (`sig`). `inside` and `cover` never enlarge; `pad` fills the box with white, or
    with nothing where the picture is transparent.
    """
    wish = Wish(width, height, fit, wanted, quality)
    found, ends = await _admitted(request, file_id, wish, signatures, signature)
    wish.check()
    if found.kind != IMAGE.name:
        raise NotAPicture
    if found.state != "done":
        raise NotReady
    rendition = wish.rendition(request.headers.get("accept", ""))
    listed = not quality and (width, height) in request.app.state["render_sizes"]
    if not listed and signature is None:
        raise NotListed
    made = await renders.made(file_id, rendition.name, None if listed else config.render_most)
    url = linker(request, config, links).version(found.place, found.filename, made[0])["url"]
    return Redirect(url, status_code=302, headers=_headers(wish, links.window(found.root), ends))


async def _admitted(
    request: Request, file_id: UUID, wish: Wish, signatures: Signatures, signature: str | None
) -> tuple[service.File, int | None]:
    """The file, and until when a signature lets it be seen. Who has none must be a caller that may.

    Raises NotFound; BadSignature, also where there is no such file: a stranger is told nothing of that.
    """
    if signature is None:
        caller: Caller = request.scope["state"]["caller"]
        return await access.seen(file_id, caller, "image"), None
    try:
        found = await service.file(file_id)
    except NotFound:
        raise BadSignature from None
    return found, signatures.check(found.whose, file_id, wish, signature)


def _headers(wish: Wish, window: int, ends: int | None) -> dict[str, str]:
    """What is kept for how long: the link that the answer leads to changes with the window it was signed in."""
    now = int(time.time())
    seconds = window - now % window
    if ends is not None:
        seconds = min(seconds, ends - now)
    kept = {"Cache-Control": f"private, max-age={max(0, seconds)}"}
    return kept | ({"Vary": "Accept"} if wish.format is Wanted.AUTO else {})


@post("/images/{file_id:uuid}/render/sign", tags=["images"], status_code=200, summary="Sign an address of a picture")
async def sign(
    file_id: UUID, data: NewSignature, request: Request, caller: Caller, config: Config, signatures: Signatures
) -> Signed:
    """The picture need not be processed yet."""
    caller.must_be_server()
    found = await service.file(file_id)
    wish = Wish(data.w, data.h, data.fit, data.format, data.q)
    wish.check()
    expires = int(time.time()) + data.ttl
    signature = signatures.sign(found.whose, file_id, wish, expires)
    said = zip(("w", "h", "fit", "format", "q"), wish, strict=True)
    query = urlencode({**{name: value for name, value in said if value}, "sig": signature})
    url = f"{public_url(request, config)}/images/{file_id}/render?{query}"
    return Signed(url, datetime.fromtimestamp(expires, UTC))


@get(
    [f"/{root}/{{owner_id:str}}/render-key" for root in OF_PEOPLE],
    tags=["images"],
    summary="The key that signs addresses of an owner's pictures",
)
async def key(owner_id: str, request: Request, caller: Caller, signatures: Signatures) -> RenderKey:
    caller.must_be_server()
    owner = whose(request, owner_id)
    await bounds(owner)
    return RenderKey(signatures.key(owner))


router = Router("/", route_handlers=[render, sign, key])
