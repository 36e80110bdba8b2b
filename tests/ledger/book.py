"""The ledger as tests drive it: assets brought to any state by the moves that bring them there in life."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from appliance.accounts import owners
from appliance.ledger.database import engine, fetch, fetch_one
from appliance.ledger.service import Bytes, Claim, Failure, Ledger
from storage import layout

PROJECT = "111"
FAILURE = Failure("unreadable", "This file can't be read.")
VERSION: dict[str, Any] = {
    "name": "thumb",
    "width": 150,
    "height": 100,
    "bytes": 1234,
    "content_type": "image/jpeg",
    "extension": "jpg",
    "sha256": "ab" * 32,
}


class Book:
    """`ledger` and what it rang; everything here is in the project 111 unless said otherwise."""

    def __init__(self) -> None:
        self.rung: list[tuple[int, int]] = []
        self.ledger = Ledger(self._ring)

    def _ring(self, appended: Iterable[tuple[int, int]]) -> None:
        self.rung += list(appended)

    @classmethod
    async def opened(cls) -> "Book":
        await owners.PROJECTS.create("tests", PROJECT)
        return cls()

    async def slot(self, owner: str = PROJECT, seconds: int = 900) -> UUID:
        """An asset in `init`."""
        slot = await self.ledger.open_slot("projects", owner, "images", "image", "images", "photo", "a.jpg", seconds)
        assert slot is not None
        return slot.id

    def bytes(self, asset: UUID, version: str | None = None, owner: str = PROJECT) -> Bytes:
        """What storage says of an upload to this asset: version `version` of its object."""
        key = layout.original_key("projects", owner, "images", asset)
        return Bytes(asset, key, version or str(uuid4()), 4_000_000, "etag")

    async def uploaded(self, owner: str = PROJECT) -> UUID:
        asset = await self.slot(owner)
        await self.ledger.arrive("originals", [self.bytes(asset, owner=owner)])
        return asset

    async def claimed(self) -> Claim:
        """An asset in `processing`, with its lease."""
        claim = await self.ledger.claim(await self.uploaded(), 30)
        assert claim is not None
        return claim

    async def finish(self, claim: Claim) -> bool:
        return await self.ledger.finish(claim, "cd" * 32, {"format": "JPEG"}, [VERSION], "recipe")

    async def asset_in(self, state: str) -> UUID:
        """An asset in any state."""
        if state in ("init", "expired"):
            asset = await self.slot()
            if state == "expired":
                await self.ledger.expire([asset])
            return asset
        if state == "uploaded":
            return await self.uploaded()
        claim = await self.claimed()
        if state in ("done", "deleting", "deleted"):
            await self.finish(claim)
        if state == "error":
            await self.ledger.fail(claim, FAILURE)
        if state in ("deleting", "deleted"):
            await self.ledger.remove([claim.id])
        if state == "deleted":
            await self.ledger.bury(claim.id)
        return claim.id

    async def move(self, assets: list[UUID], source: str, target: str) -> list[UUID]:
        """The bare transition, as every move of the ledger makes it."""
        sql = "SELECT * FROM ledger.transition($1, ARRAY[$2::text::ledger.asset_state], $3::text::ledger.asset_state)"
        return [row["id"] for row in await fetch(sql, assets, source, target)]

    async def row(self, asset: UUID) -> asyncpg.Record:
        row = await fetch_one("SELECT *, state::text AS state FROM ledger.assets WHERE id = $1", asset)
        assert row is not None
        return row

    async def state(self, asset: UUID) -> str:
        return str((await self.row(asset))["state"])

    async def events(self, owner: str = PROJECT) -> list[asyncpg.Record]:
        """All events of a project, in order."""
        return await fetch(
            "SELECT e.seq, e.type, e.asset, e.state::text AS state, e.facts FROM ledger.events e "
            "JOIN ledger.streams s ON s.id = e.stream WHERE s.owner = $1 ORDER BY e.seq",
            owner,
        )

    async def head(self, owner: str = PROJECT) -> int:
        row = await fetch_one("SELECT seq FROM ledger.streams WHERE owner = $1", owner)
        assert row is not None
        return int(row["seq"])

    async def stream(self, owner: str = PROJECT) -> int:
        row = await fetch_one("SELECT id FROM ledger.streams WHERE owner = $1", owner)
        assert row is not None
        return int(row["id"])


AGE = (
    "UPDATE ledger.assets SET check_at = check_at - i, expires_at = expires_at - i, lease_until = lease_until - i, "
    "changed_at = changed_at - i, uploaded_at = uploaded_at - i, created_at = created_at - i "
    "FROM (SELECT make_interval(secs => $2) AS i) n WHERE id = $1"
)


async def age(asset: UUID, seconds: float) -> None:
    """Makes every time in an asset's row `seconds` older, as if that long had gone by."""
    await fetch(AGE, asset, seconds)


class Clock:
    """What goes by for an asset from one statement to the next, exactly: less ageing where the real clock moved."""

    def __init__(self, asset: UUID) -> None:
        self._asset = asset
        self._at: datetime | None = None

    async def fetch(self, seconds: float, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Runs a statement for which `seconds` have gone by since the one before."""
        pool = engine().pool
        assert pool is not None
        # In one transaction, as now() stands still there.
        async with pool.acquire() as connection, connection.transaction():
            now: datetime = await connection.fetchval("SELECT now()")
            moved = now - (self._at or now)
            self._at = now
            await connection.execute(AGE, self._asset, seconds - moved.total_seconds())
            rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
            return rows
