"""`/files/{id}/playlists/{name}`: versions that are texts naming others, with links in them that a player can follow.

A storyboard (WebVTT) and the playlists of a ladder (HLS) name files that lie beside them. Each of these is private,
under a link of its own, so the texts are filled in when they are read. Their own addresses are signed: players send no
token.
"""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from litestar import MediaType, Request, Response, Router, get
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.chats import access
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files import service
from appliance.files.versions import PLAYLISTS
from appliance.public import linker
from appliance.renders.errors import BadSignature
from appliance.renders.signing import Signatures
from storage import layout
from storage.links import Links
from storage.objects import Objects

# As `processors/video` writes them: a version's name and its extension.
FILE = re.compile(r"[a-z0-9_]{1,32}\.(?:jpg|mp4|m3u8)")


def filled(text: str, url: Callable[[str], str | None]) -> str:
    """The text with every file it names replaced by what `url` gives for the name of its version, if it gives that."""
    return FILE.sub(lambda found: url(found[0].partition(".")[0]) or found[0], text)


@get(
    "/files/{file_id:uuid}/playlists/{name:str}",
    tags=["files"],
    signed=True,
    media_type=MediaType.TEXT,
    summary="A storyboard or a playlist, for a player",
)
async def read(
    file_id: UUID,
    name: str,
    request: Request,
    config: Config,
    links: Links,
    reader: Objects,
    signatures: Signatures,
    signature: Annotated[str | None, Parameter(query="sig")] = None,
) -> Response[str]:
    """Its address, with `sig`, is the version's `url`; a caller that may see the file needs no signature."""
    found = await _seen(request, file_id, name, signatures, signature)
    version = next((one for one in found.versions if one["name"] == name), None)
    if version is None or version["content_type"] not in PLAYLISTS:
        raise NotFound("There is no such playlist")
    key = layout.version_key(*found.place, name, version["sha256"], version["extension"])
    text = (await asyncio.to_thread(reader.get, layout.VERSIONS, key)).decode()
    made = linker(request, config, links).some(found.place, found.filename, found.versions)

    def url(other: str) -> str | None:
        return str(made[other]["url"]) if other in made else None

    window = links.window(found.root)
    left = window - int(time.time()) % window
    headers = {"Cache-Control": f"private, max-age={left}"}
    return Response(filled(text, url), media_type=version["content_type"], headers=headers)


async def _seen(
    request: Request, file_id: UUID, name: str, signatures: Signatures, signature: str | None
) -> service.File:
    """Raises NotFound for a caller who may not see it, BadSignature for whoever brings none that is good."""
    if signature is None:
        caller: Caller = request.scope["state"]["caller"]
        return await access.seen(file_id, caller)
    try:
        found = await service.file(file_id)
    except NotFound:
        raise BadSignature from None
    signatures.check(found.whose, file_id, (name,), signature)
    return found


router = Router("/", route_handlers=[read])
