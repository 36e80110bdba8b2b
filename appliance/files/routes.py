"""What can be done with files, whichever name they are called by: the same routes for all of them, and for photos."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import OF_PEOPLE
from appliance.accounts.whose import whose
from appliance.chats import access
from appliance.config import Config
from appliance.errors import Conflict, LegalHold, PartsMissing
from appliance.files import listing, service
from appliance.files.hints import stored, taken_in
from appliance.files.parts import Parts
from appliance.ledger import states, uploads
from appliance.ledger.service import CANCELLED, Ledger
from appliance.logs import log
from appliance.public import linker
from storage import layout
from storage.links import Links
from storage.objects import Objects

CANCELLABLE = (states.State.INIT, states.State.UPLOADED, states.State.PROCESSING)
SENDING = {"limited": True}
"""For who signs in by a wallet, too: what a profile is to have is sent as other files are."""
Seen = Callable[[UUID, Caller], Awaitable[service.File]]


def routes(name: str, kind: str | None, complete: str) -> list[Any]:
    """Routes below `/{name}` and each owner's list of them, for files of one `kind`, or with None of any.

    complete: the last part of the path of the client's hint that an upload is complete.
    """
    noun, path, tags = name.removesuffix("s"), f"/{name}/{{file_id:uuid}}", [name]

    async def seen(file_id: UUID, caller: Caller) -> service.File:
        """Raises NotFound, also for what this caller may not know of."""
        return await access.seen(file_id, caller, noun, kind)

    async def own(file_id: UUID, caller: Caller) -> service.File:
        """The same of what this caller may do something to. Raises NotAllowed as well."""
        return await access.seen(file_id, caller, noun, kind, change=True)

    @get(path, tags=tags, summary=f"One {noun}, its state and its versions")
    async def read(file_id: UUID, request: Request, caller: Caller, config: Config, links: Links) -> Any:
        return (await seen(file_id, caller)).shown(linker(request, config, links), full=True)

    @delete(path, tags=tags, summary=f"Delete a {noun} with all its bytes")
    async def remove(file_id: UUID, caller: Caller, ledger: Ledger) -> None:
        found = await own(file_id, caller)
        going = ledger.detach(file_id) if found.root == layout.CHATS else ledger.remove([file_id])
        if not await going:
            await own(file_id, caller)
            raise LegalHold  # it is still there
        log.info("deleted", asset=str(file_id))

    return [read, remove, *_moves(path, tags, noun, complete, own), _list(name, kind)]


def _moves(path: str, tags: list[str], noun: str, complete: str, seen: Seen) -> list[Any]:
    """What a client says of an upload: it is complete, it is not wanted any more, it is to be tried again."""

    @post(f"{path}/{complete}", tags=tags, status_code=200, opt=SENDING, summary="Hint that the upload is complete")
    async def hint(
        file_id: UUID,
        request: Request,
        caller: Caller,
        config: Config,
        links: Links,
        reader: Objects,
        ledger: Ledger,
        parts: Parts,
    ) -> Any:
        """Storage is asked whether that is so, and to put together what came in parts. Which bytes came first is for
        its notification, or the sweep, to say.
        """
        found = await seen(file_id, caller)
        if found.version_id is None:
            if not await stored(reader, found):
                upload = await uploads.upload(file_id)
                if upload is None:
                    raise Conflict("Storage does not hold this file yet; send it first")
                try:
                    await parts.put_together(found, upload)
                except PartsMissing:
                    if not await stored(reader, found):  # unless somebody has just put them together
                        raise
            await ledger.hurry(file_id)
            found = await taken_in(found)
        return found.shown(linker(request, config, links), full=True)

    @post(f"{path}/cancel", tags=tags, status_code=200, summary=f"Cancel what is not done of a {noun}")
    async def cancel(
        file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, ledger: Ledger
    ) -> Any:
        """It ends as `error` `cancelled`; its slot is given back. What has come whole is kept until it is deleted."""
        found = await seen(file_id, caller)
        if await ledger.cancel(file_id):
            log.info("cancelled", asset=str(file_id))
        elif found.state in CANCELLABLE and (await seen(file_id, caller)).state in CANCELLABLE:
            raise LegalHold  # it is as it was
        elif found.error_code != CANCELLED.code:
            raise Conflict(f"This {noun} can't be cancelled: it is {states.shown(found.state)}")
        return (await seen(file_id, caller)).shown(linker(request, config, links), full=True)

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

    return [hint, cancel, retry]


def _list(name: str, kind: str | None) -> Any:
    """Each owner's files of one kind, or of any."""
    lists = [f"/{root}/{{owner_id:str}}/{name}" for root in OF_PEOPLE]

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
