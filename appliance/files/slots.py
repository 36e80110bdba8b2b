"""Opening a slot: the row of an upload, and the form that it may be sent by."""

from datetime import datetime
from typing import NamedTuple

from litestar import Request

from appliance.accounts.whose import Whose
from appliance.config import Config, Settings
from appliance.errors import NotFound
from appliance.files.filenames import clean
from appliance.ledger.service import Asker, Ledger
from appliance.logs import log
from appliance.public import public_url
from appliance.quotas.room import Room
from processors.profiles import Profile
from storage import layout
from storage.links import UploadForms


class Opened(NamedTuple):
    """An upload that may begin."""

    id: str
    upload_link: str
    params: dict[str, str]
    expires_at: datetime


class Slots:
    """Opens slots for one request, in the name of who asks."""

    def __init__(self, ledger: Ledger, forms: UploadForms, room: Room, settings: Settings) -> None:
        self._ledger, self._forms, self._room, self._settings = ledger, forms, room, settings

    async def open(
        self, request: Request, asker: Asker, owner: Whose, profile: Profile, recipe: str, filename: str
    ) -> Opened:
        """Raises BadRequest, NotFound, LimitReached, and where storage is nearly full."""
        name, config = clean(filename), self._settings.now
        await self._room.check()
        kind = (profile.folder, profile.name, profile.lane, recipe)
        slot = await self._ledger.open_slot(*owner, *kind, name, config.form_seconds, asker)
        if slot is None:
            raise NotFound(f"There is no such {owner.noun}")
        log.info("link issued", asset=str(slot.id), **{owner.noun: owner.id})
        key = layout.original_key(*owner, profile.folder, slot.id)
        form = self._forms.form(key, most_bytes(profile, config), config.form_seconds)
        return Opened(str(slot.id), public_url(request, config) + form.path, form.params, slot.expires_at)


def most_bytes(profile: Profile, config: Config) -> int:
    """The largest file of a profile that is taken: the edge lets nothing larger through than the setting says."""
    return min(profile.most_bytes, config.max_image_bytes)
