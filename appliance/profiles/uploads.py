"""Uploads for a profile: to a temporary place, one of each role, the newer in place of the older."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request

from appliance.accounts.whose import Whose
from appliance.config import Config, Settings
from appliance.errors import BadRequest, DomainError, NotFound
from appliance.files import service
from appliance.files.service import File
from appliance.files.slots import Opened, Slots
from appliance.ledger.database import fetch
from appliance.ledger.service import Announced, Asker, Ledger, Slot
from appliance.logs import log
from appliance.profiles.claims import Held, asset_of, wrong
from appliance.profiles.roles import ROLES, Role, most_bytes
from appliance.quotas.errors import LimitReached
from storage import layout

# Of what an edition has, too: its owner may send that in again. `expires_at` is NULL for that alone.
_HELD = """
SELECT DISTINCT ON (h.asset) h.role, h.asset, h.expires_at, h.expires_at <= now() AS expired FROM (
    SELECT u.role, u.asset, u.since + make_interval(hours => $2) AS expires_at
    FROM profile_uploads u WHERE u.user_id = $1
    UNION ALL
    SELECT m.role, m.asset, NULL FROM profiles p JOIN profile_editions e ON e.profile = p.id AND e.dropped_at IS NULL
        JOIN profile_media m ON m.edition = e.id WHERE p.user_id = $1 AND $3
) h WHERE $4::uuid[] IS NULL OR h.asset = ANY ($4) ORDER BY h.asset, h.expires_at NULLS FIRST
"""
_OPEN = """
SELECT * FROM ledger.open_profile_upload(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15, $16, $17)
"""


class TooManyUploads(DomainError):
    """One user has begun `most` within an hour; there will be `seconds` until that is over."""

    status = 429
    code = "too_many_uploads"
    title = "Too many uploads"

    def __init__(self, most: int, seconds: int) -> None:
        super().__init__(f"This user has begun {most} uploads for a profile within an hour, as many as one may")
        self.retry_after = max(1, seconds)


class Upload(NamedTuple):
    """One that is there. `expires_at`: when it goes; None for what an edition has."""

    role: str
    file: File
    expires_at: datetime | None


class Uploads:
    """Opens uploads, and takes them back."""

    def __init__(self, ledger: Ledger, slots: Slots, settings: Settings) -> None:
        self._ledger, self._slots, self._settings = ledger, slots, settings

    async def open(
        self, request: Request, asker: Asker, owner: Whose, role: Role, hint: str, said: Announced
    ) -> Opened:
        """Raises TooManyUploads, NotTaken, and as Slots do."""
        most = role.most_bytes(self._settings.now)
        kind = (role.profile, role.recipe, role.filename(hint), said, most, partial(self._opened, role))
        return await self._slots.open(request, asker, owner, *kind)

    async def _opened(self, role: Role, root: str, who: str, *rest: Any) -> Slot | None:
        """As Ledger.open_slot; the upload of this role that was there before goes in the same moment."""
        assert root == layout.USERS
        *kind, asker, said = rest
        now = self._settings.now
        coming = said.size or role.most_bytes(now)
        bounds = (now.profile_uploads_an_hour, most_bytes(now), coming)
        rows = await fetch(_OPEN, who, role.name, *bounds, *kind, *asker, *said)
        if rows and rows[0]["id"] is None:
            scope, what, most = (rows[0][name] for name in ("scope", "what", "most"))
            if what == "uploads":
                raise TooManyUploads(now.profile_uploads_an_hour, most)
            raise LimitReached(scope, what, most)
        moved = self._ledger.told(rows)
        if moved[1:]:
            log.info("replaced", asset=str(moved[1]), by=str(moved[0]))
        return Slot(rows[0]["id"], rows[0]["expires_at"]) if rows else None

    async def drop(self, user_id: str, asset: UUID) -> None:
        """Takes an upload back. Raises NotFound for what is none, or not this user's."""
        rows = await fetch("SELECT * FROM ledger.drop_profile_upload($1, $2)", user_id, asset)
        if not rows:
            raise NotFound("There is no such upload")
        self._ledger.told(rows)
        log.info("deleted", asset=str(asset))


async def listed(user_id: str, config: Config) -> list[Upload]:
    """What a user has uploaded and not sent in, of each role one at most."""
    return await _some(user_id, config, None, editions=False)


async def one(user_id: str, asset: UUID, config: Config) -> Upload:
    """An upload of this user, or a file that one of that one's editions has. Raises NotFound."""
    found = await _some(user_id, config, [asset])
    if not found:
        raise NotFound("There is no such upload")
    return found[0]


async def claimed(user_id: str, paths: Mapping[str, str | None], config: Config) -> dict[str, UUID]:
    """The assets behind the paths that a profile is sent in with, by their roles; a role without a path has none.

    Raises BadRequest with a field for each path that is not good: foreign, run out, of another role, not ready, failed,
    not of its kind, or too large or too long.
    """
    named = {role: asset_of(path) for role, path in paths.items() if path is not None}
    assets = [asset for asset in named.values() if asset]
    held = {row["asset"]: Held(row["role"], bool(row["expired"])) for row in await _held(user_id, config, assets)}
    files = await service.files(list(held))
    fields = {}
    for role in ROLES.values():
        if role.name not in named:
            why = "a profile has to have this" if role.required else None
        else:
            asset = named[role.name]
            why = wrong(role, held.get(asset) if asset else None, files.get(asset) if asset else None, config)
        if why:
            fields[role.field] = why
    if fields:
        raise BadRequest("Not all of the files are as they must be", **fields)
    return {role: asset for role, asset in named.items() if asset}


async def _some(user_id: str, config: Config, assets: list[UUID] | None, editions: bool = True) -> list[Upload]:
    rows = await _held(user_id, config, assets, editions)
    files = await service.files([row["asset"] for row in rows])
    found = [Upload(row["role"], files[row["asset"]], row["expires_at"]) for row in rows if row["asset"] in files]
    return sorted(found, key=lambda upload: list(ROLES).index(upload.role))


async def _held(user_id: str, config: Config, assets: list[UUID] | None, editions: bool = True) -> list[Any]:
    return await fetch(_HELD, user_id, config.profile_upload_hours, editions, assets)
