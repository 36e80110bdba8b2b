"""Opening a slot: the row of an upload, and the form or the parts that it may be sent by."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from litestar import Request

from appliance.accounts.whose import Whose
from appliance.config import Settings
from appliance.errors import BadRequest, NotFound
from appliance.files.announced import most_bytes, most_in_form
from appliance.files.filenames import clean
from appliance.ledger.service import NOTHING, Announced, Asker, Ledger, Slot
from appliance.logs import log
from appliance.public import public_url
from appliance.quotas.room import Room
from processors.profiles import Profile
from storage import layout
from storage.links import UploadForms
from storage.parts import Plan, plan

Opener = Callable[..., Awaitable[Slot | None]]
"""Writes the row of an upload, asked as Ledger.open_slot is."""


class Opened(NamedTuple):
    """An upload that may begin: by its form, or where there is a `plan` in parts, or with neither through the server.

    `there`: it has its bytes already.
    """

    id: str
    upload_link: str | None
    params: dict[str, str] | None
    expires_at: datetime
    plan: Plan | None = None
    there: bool = False


class Slots:
    """Opens slots for one request, in the name of who asks."""

    def __init__(self, ledger: Ledger, forms: UploadForms, room: Room, settings: Settings) -> None:
        self._ledger, self._forms, self._room, self._settings = ledger, forms, room, settings
        self._in_parts = settings.now.endpoint().own  # another S3 might not hold a part to what was signed

    async def open(
        self,
        request: Request,
        asker: Asker,
        owner: Whose,
        profile: Profile,
        recipe: str,
        filename: str,
        said: Announced = NOTHING,
        most: int | None = None,
        opener: Opener | None = None,
    ) -> Opened:
        """most: bytes that are taken, None: as many as of its kind. opener: who writes the row, None: the ledger.

        Raises BadRequest, NotFound, LimitReached, as the opener does, and where storage is nearly full.
        """
        name, config = clean(filename), self._settings.now
        most = min(most_bytes(profile, config), config.max_file_bytes if most is None else most)
        formed = self._by_form(profile, said.size, most)
        cut = None if formed or said.size is None or not self._in_parts else plan(said.size)
        seconds = config.form_seconds if formed else config.upload_seconds
        said = said._replace(part_size=cut.part_size if cut else None)
        slot = await self._slot(asker, owner, profile, recipe, name, seconds, said, opener)
        log.info("link issued", asset=str(slot.id), **{owner.noun: owner.id})
        if said.sha256 and await self._ledger.adopt(slot.id):
            log.info("file is there", asset=str(slot.id), signal="known")
            return Opened(str(slot.id), None, None, slot.expires_at, there=True)
        if not formed:
            return Opened(str(slot.id), None, None, slot.expires_at, cut)
        return self._form(request, owner, profile, slot, most)

    async def direct(self, asker: Asker, owner: Whose, profile: Profile, recipe: str, filename: str) -> UUID:
        """The asset of a file that this very request brings: by nothing else can it be sent, and as long as it comes it
        is to be kept open (`Ledger.keep_open`). Raises as `open` does.
        """
        seconds = self._settings.now.form_seconds
        return (await self._slot(asker, owner, profile, recipe, clean(filename), seconds, NOTHING)).id

    async def _slot(
        self,
        asker: Asker,
        owner: Whose,
        profile: Profile,
        recipe: str,
        name: str,
        seconds: int,
        said: Announced,
        opener: Opener | None = None,
    ) -> Slot:
        await self._room.check()
        kind = (profile.folder, profile.name, profile.lane, recipe)
        slot = await (opener or self._ledger.open_slot)(*owner, *kind, name, seconds, asker, said)
        if slot is None:
            raise NotFound(f"There is no such {owner.noun}")
        return slot

    def _form(self, request: Request, owner: Whose, profile: Profile, slot: Slot, most: int) -> Opened:
        config, key = self._settings.now, layout.original_key(*owner, profile.folder, slot.id)
        form = self._forms.form(key, min(most, most_in_form(profile, config)), config.form_seconds)
        return Opened(str(slot.id), public_url(request, config) + form.path, form.params, slot.expires_at)

    def _by_form(self, profile: Profile, size: int | None, most: int) -> bool:
        """Whether a file of so many bytes is sent by a form. Raises BadRequest for more than `most`."""
        if size is not None and not 1 <= size <= most:
            raise BadRequest("The file is empty or too large", size=f"1 to {most} bytes")
        large = self._settings.now.parts_from_bytes if self._in_parts else most + 1
        return size is None or (size <= most_in_form(profile, self._settings.now) and size < large)
