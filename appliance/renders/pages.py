"""`/files/{id}/pages/{n}`: a page of a document as pictures and text, made when it is first asked for."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.chats import access
from appliance.config import Config
from appliance.errors import NotFound
from appliance.public import linker
from appliance.renders.errors import NoPreviews, NotADocument, NotReady
from appliance.renders.service import Renders
from appliance.renders.source import AS_PDF
from processors.limits import MAX_PAGES
from processors.profiles import PDF, PROFILES
from processors.renditions import page_name
from storage.links import Links

DRAWN = {PDF.name, AS_PDF}
"""A PDF has pages, and so has what a PDF is made of."""


@get("/files/{file_id:uuid}/pages/{page:int}", tags=["files"], summary="A page of a document, as pictures and text")
async def read_page(
    file_id: UUID,
    page: Annotated[int, Parameter(ge=1, le=MAX_PAGES)],
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    renders: Renders,
) -> dict[str, Any]:
    """Pages are counted from 1; what is no PDF has those of its PDF. The versions are those that a document has of its
    first page.
    """
    found = await access.seen(file_id, caller)
    if not DRAWN & {found.kind, *PROFILES[found.kind].versions}:
        raise NotADocument
    if found.state != "done":
        raise NotReady
    pages = found.facts.get("pages")
    if pages is None:  # it was developed where there was no LibreOffice
        raise NoPreviews
    if page > pages:
        raise NotFound(f"This document has {pages} pages")
    name = page_name(page)
    made = {one["name"]: one for one in await renders.made(file_id, name, config.pages_most)}
    shown, link = {}, linker(request, config, links)
    for version in PDF.versions:
        one = made.get(f"{name}_{version}")
        shown[version] = one and link.version(found.place, found.filename, one)
    return {"file_id": str(file_id), "page": page, "pages": pages, "versions": shown}


router = Router("/", route_handlers=[read_page])
