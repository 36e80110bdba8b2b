"""Opening a slot: the row of an upload, and the form or the parts that it may be sent by."""

from datetime import datetime
from typing import NamedTuple

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


class Opened(NamedTuple):
    """An upload that may begin: by its form, or where there is a `plan` in parts; with neither its bytes are there."""

    id: str
    upload_link: str | None
    params: dict[str, str] | None
    expires_at: datetime
    plan: Plan | None = None


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
    ) -> Opened:
        """Raises BadRequest, NotFound, LimitReached, and where storage is nearly full."""
        name, config = clean(filename), self._settings.now
        cut = self._plan(profile, said)
        await self._room.check()
        kind = (profile.folder, profile.name, profile.lane, recipe)
        seconds = config.upload_seconds if cut else config.form_seconds
        said = said._replace(part_size=cut.part_size if cut else None)
        slot = await self._ledger.open_slot(*owner, *kind, name, seconds, asker, said)
        if slot is None:
            raise NotFound(f"There is no such {owner.noun}")
        log.info("link issued", asset=str(slot.id), **{owner.noun: owner.id})
        if said.sha256 and await self._ledger.adopt(slot.id):
            log.info("file is there", asset=str(slot.id), signal="known")
            return Opened(str(slot.id), None, None, slot.expires_at)
        if cut:
            return Opened(str(slot.id), None, None, slot.expires_at, cut)
        return self._form(request, owner, profile, slot)

    def _form(self, request: Request, owner: Whose, profile: Profile, slot: Slot) -> Opened:
        config, key = self._settings.now, layout.original_key(*owner, profile.folder, slot.id)
        form = self._forms.form(key, most_in_form(profile, config), config.form_seconds)
        return Opened(str(slot.id), public_url(request, config) + form.path, form.params, slot.expires_at)

    def _plan(self, profile: Profile, said: Announced) -> Plan | None:
        """How the file is cut, None where it is sent by a form. Raises BadRequest for what is too large."""
        if said.size is None:
            return None
        most = most_bytes(profile, self._settings.now)
        if not 1 <= said.size <= most:
            raise BadRequest("The file is empty or too large", size=f"1 to {most} bytes")
        return plan(said.size) if self._in_parts and said.size >= self._settings.now.parts_from_bytes else None
