"""What can be done with files, whichever name they are called by: the same routes for all of them, and for photos."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import EVERY
from appliance.accounts.whose import whose
from appliance.config import Config
from appliance.errors import Conflict, NotFound
from appliance.files import listing, service
from appliance.files.hints import stored, taken_in
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.public import linker
from storage.links import Links
from storage.objects import Objects


def routes(name: str, kind: str | None, complete: str) -> list[Any]:
    """Routes below `/{name}` and each owner's list of them, for files of one `kind`, or with None of any.

    complete: the last part of the path of the client's hint that an upload is complete.
    """
    noun, path, tags = name.removesuffix("s"), f"/{name}/{{file_id:uuid}}", [name]

    async def seen(file_id: UUID, caller: Caller) -> service.File:
        """Raises NotFound, also for what this caller may not know of."""
        found = await service.file(file_id, kind)
        caller.may_see(found.whose, noun)
        return found

    @get(path, tags=tags, summary=f"One {noun}, its state and its versions")
    async def read(file_id: UUID, request: Request, caller: Caller, config: Config, links: Links) -> Any:
        return (await seen(file_id, caller)).shown(linker(request, config, links), full=True)

    @delete(path, tags=tags, summary=f"Delete a {noun} with all its bytes")
    async def remove(file_id: UUID, caller: Caller, ledger: Ledger) -> None:
        await seen(file_id, caller)
        if not await ledger.remove([file_id]):
            raise NotFound(f"There is no such {noun}")
        log.info("deleted", asset=str(file_id))

    @post(f"{path}/{complete}", tags=tags, status_code=200, summary="Hint that the upload is complete")
    async def hint(
        file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, reader: Objects, ledger: Ledger
    ) -> Any:
        """Storage is asked whether that is so. Which bytes came first is for its notification, or the sweep, to say."""
        found = await seen(file_id, caller)
        if found.version_id is None:
            if not await stored(reader, found):
                raise Conflict("Storage does not hold this file yet; send the form first")
            await ledger.hurry(file_id)
            found = await taken_in(found)
        return found.shown(linker(request, config, links), full=True)

    @post(f"{path}/retry", tags=tags, status_code=200, summary=f"Process a failed {noun} again")
    async def retry(
        file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, ledger: Ledger
    ) -> Any:
        found = await seen(file_id, caller)
        if not await ledger.retry([file_id]):
            reason = "its file never arrived; upload it again" if found.original is None else f"it is {found.state}"
            raise Conflict(f"This {noun} can't be tried again: {reason}")
        log.info("tried again", asset=str(file_id))
        return (await seen(file_id, caller)).shown(linker(request, config, links), full=True)

    return [read, remove, hint, retry, _list(name, kind)]


def _list(name: str, kind: str | None) -> Any:
    """Each owner's files of one kind, or of any."""
    lists = [f"/{root}/{{owner_id:str}}/{name}" for root in EVERY]

    @get(lists, tags=[name], summary=f"An owner's {name}, newest first")
    async def listed(
        owner_id: str,
        request: Request,
        caller: Caller,
        config: Config,
        links: Links,
        limit: Annotated[int, Parameter(ge=1, le=listing.MOST_A_PAGE)] = 50,
        cursor: UUID | None = None,
        file_state: Annotated[str | None, Parameter(query="state")] = None,
        full: Annotated[str | None, Parameter(query="links")] = None,
    ) -> dict[str, Any]:
        """Keyset pages: give `next_cursor` as `cursor` to go on; it is null on the last page."""
        owner = whose(request, owner_id)
        place = (limit, cursor, file_state, full)
        found, following = await listing.page(request, owner, caller, config, links, *place, kind=kind)
        return {name: found, "next_cursor": following}

    return listed
