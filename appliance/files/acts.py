"""What can be done with one file, whichever name it is called by."""

from typing import Any
from uuid import UUID

from litestar import Request

from appliance.accounts.callers import Caller
from appliance.config import Config
from appliance.errors import Conflict, NotFound
from appliance.files import service
from appliance.files.hints import stored, taken_in
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.public import linker
from storage.links import Links
from storage.objects import Objects


class Acts:
    """Acts on files of one kind, or with None of any, for one who may see them."""

    def __init__(self, kind: str | None) -> None:
        self._kind = kind
        self._noun = kind or "file"

    async def seen(self, file_id: UUID, caller: Caller) -> service.File:
        """Raises NotFound, also for what this caller may not know of."""
        found = await service.file(file_id, self._kind)
        caller.may_see(found.whose, self._noun)
        return found

    async def shown(self, file_id: UUID, request: Request, caller: Caller, config: Config, links: Links) -> Any:
        return (await self.seen(file_id, caller)).shown(linker(request, config, links), full=True)

    async def remove(self, file_id: UUID, caller: Caller, ledger: Ledger) -> None:
        await self.seen(file_id, caller)
        if not await ledger.remove([file_id]):
            raise NotFound(f"There is no such {self._noun}")
        log.info("deleted", asset=str(file_id))

    async def uploaded(
        self, file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, reader: Objects, of: Ledger
    ) -> Any:
        """The client's hint: storage is asked whether that is so. Which bytes came first is for its notification, or
        the sweep, to say.
        """
        found = await self.seen(file_id, caller)
        if found.version_id is None:
            if not await stored(reader, found):
                raise Conflict("Storage does not hold this file yet; send the form first")
            await of.hurry(file_id)
            found = await taken_in(found)
        return found.shown(linker(request, config, links), full=True)

    async def retry(
        self, file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, ledger: Ledger
    ) -> Any:
        found = await self.seen(file_id, caller)
        if not await ledger.retry([file_id]):
            reason = "its file never arrived; upload it again" if found.original is None else f"it is {found.state}"
            raise Conflict(f"This {self._noun} can't be tried again: {reason}")
        log.info("tried again", asset=str(file_id))
        return await self.shown(file_id, request, caller, config, links)
