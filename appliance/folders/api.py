"""`/folders`: which there are, and what lies in one of them."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.config import Config
from appliance.files import service as files
from appliance.folders import service
from appliance.folders.service import Folder
from appliance.live.service import bounds
from appliance.public import linker
from storage.links import Links

MOST_A_PAGE = 500
Limit = Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)]


def _shown(folder: Folder) -> dict[str, Any]:
    return {"path": folder.path, "created_at": folder.created_at}


@get("/", summary="The root folders")
async def list_roots(caller: Caller) -> dict[str, Any]:
    caller.must_be_server()
    return {"folders": [_shown(folder) for folder in await service.roots()], "next_cursor": None}


@get("/{root:str}", summary="The folders of all owners below a root, in the order of their ids")
async def list_owners(root: str, caller: Caller, limit: Limit = 100, cursor: str = "") -> dict[str, Any]:
    """Give `next_cursor` as `cursor` to go on; it is null on the last page."""
    caller.must_be_server()
    found = await service.owners(root, limit + 1, cursor)
    more = len(found) > limit
    return {"folders": [_shown(one) for one in found[:limit]], "next_cursor": found[limit - 1].owner if more else None}


@get("/{root:str}/{owner_id:str}", summary="The folders of one owner")
async def list_below(root: str, owner_id: str, caller: Caller) -> dict[str, Any]:
    caller.may_see(Whose(root, owner_id), "folder")
    return {"folders": [_shown(folder) for folder in await service.below(root, owner_id)], "next_cursor": None}


@get("/{root:str}/{owner_id:str}/{name:str}", summary="What lies in a folder, newest first")
async def list_files(
    root: str,
    owner_id: str,
    name: str,
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    limit: Limit = 100,
    cursor: UUID | None = None,
) -> dict[str, Any]:
    """Keyset pages: give `next_cursor` as `cursor` to go on; it is null on the last page."""
    owner = Whose(root, owner_id)
    caller.may_see(owner, "folder")
    service.known(root, name)
    stream = (await bounds(owner)).stream
    found, following = await files.page(stream, None, cursor, limit, folder=name)
    made = linker(request, config, links)
    return {"files": [one.shown(made, full=False) for one in found], "next_cursor": following and str(following)}


router = Router("/folders", route_handlers=[list_roots, list_owners, list_below, list_files], tags=["folders"])
