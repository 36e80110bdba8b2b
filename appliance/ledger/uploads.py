"""Uploads in parts as the ledger keeps them: how a file is cut, and what storage calls its upload."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Announced
from storage.parts import Plan

_UPLOAD = """
SELECT a.announced_size, u.part_size, u.upload_id, a.announced_sha256, a.expires_at
FROM ledger.uploads u JOIN ledger.assets a ON a.id = u.asset
WHERE u.asset = $1 AND u.part_size IS NOT NULL AND a.state = 'init'
"""


_ANNOUNCED = "SELECT announced_size, announced_sha256 FROM ledger.assets WHERE id = $1"


class Upload(NamedTuple):
    """A file that is being sent in parts; `id` is None until the first link of a part was asked for."""

    plan: Plan
    id: str | None
    sha256: str | None
    expires_at: datetime


async def upload(asset: UUID) -> Upload | None:
    """How an asset is sent in parts; None where it is not, or takes none any more."""
    row = await fetch_one(_UPLOAD, asset)
    if row is None:
        return None
    size, part_size, *more = row
    return Upload(Plan(size, part_size), *more)


async def announced(asset: UUID) -> Announced | None:
    """What its client said of a file; None where there is no such asset."""
    row = await fetch_one(_ANNOUNCED, asset)
    return Announced(*row) if row else None


async def begin(asset: UUID, upload_id: str, before: str | None) -> bool:
    """Records what storage calls an upload; False where another has taken the place of `before`, or the asset takes no
    parts any more: then `upload_id` is nobody's.
    """
    return bool(await fetch("SELECT * FROM ledger.begin_upload($1, $2, $3)", asset, upload_id, before))


async def begin_content(asset: UUID) -> bool:
    """Before the server writes an asset's bytes itself; False where it takes none any more."""
    return bool(await fetch("SELECT * FROM ledger.begin_content($1)", asset))


async def ended(most: int) -> list[asyncpg.Record]:
    """Uploads of which parts may be left though none are wanted: id, root, owner, folder."""
    return await fetch("SELECT * FROM ledger.ended_uploads($1)", most)


async def forget(asset: UUID) -> None:
    """Nothing is left of the parts of an ended upload."""
    await fetch("SELECT ledger.forget_upload($1)", asset)


async def looked_after(assets: Collection[UUID]) -> set[UUID]:
    """Those of `assets` whose parts are wanted, or will be removed by the sweep."""
    rows = await fetch("SELECT asset FROM ledger.uploads WHERE asset = ANY ($1)", list(assets))
    return {row["asset"] for row in rows}
