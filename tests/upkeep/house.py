"""A house to be kept in order: assets and objects as uploads and workers leave them, and any harm done to them."""

from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.ledger.service import Bytes
from appliance.renders import orders
from appliance.upkeep import scope
from appliance.upkeep.differences import Difference
from appliance.upkeep.report import Report
from appliance.upkeep.verify import Verifier
from storage import layout
from storage.inspection import Inspector
from storage.objects import Stat
from tests.daemons.minio import ROOT, WORKER, Minio
from tests.ledger.book import PROJECT, Book

SLOT = """
INSERT INTO ledger.assets (id, stream, root, owner, folder, kind, lane, recipe, filename, expires_at, check_at)
SELECT uuidv7(make_interval(days => -($3::integer))), s.id, s.root, s.owner, 'images', 'image', 'images', 'photo',
    'a.jpg', now() + interval '15 minutes', now() FROM ledger.streams s WHERE s.root = $1 AND s.owner = $2
RETURNING id
"""
OWNER = "INSERT INTO ledger.streams (root, owner) VALUES ($1, $2) ON CONFLICT DO NOTHING"


class House:
    """`worker` sees storage as the appliance does, `root` may do anything."""

    def __init__(self, book: Book, minio: Minio) -> None:
        self.book, self.minio, self.ledger = book, minio, book.ledger
        self.worker = Inspector(minio.url, *WORKER)
        self.root = Inspector(minio.url, *ROOT)
        self.found: list[Difference] = []

    async def slot(self, owner: str = PROJECT, root: str = "projects", days_ago: int = 0) -> UUID:
        await fetch(OWNER, root, owner)
        return UUID(str((await fetch(SLOT, root, owner, days_ago))[0]["id"]))

    async def uploaded(self, body: bytes = b"a photo", **place: Any) -> UUID:
        """An asset in `uploaded`, its original in storage."""
        asset = await self.slot(**place)
        stat = self.put_original(asset, body, place.get("owner", PROJECT), place.get("root", "projects"))
        await self.ledger.arrive(layout.ORIGINALS, [Bytes(asset, stat.key, stat.version_id, len(body), stat.etag)])
        return asset

    def put_original(self, asset: UUID, body: bytes, owner: str = PROJECT, root: str = "projects") -> Stat:
        key = layout.original_key(root, owner, "images", asset)
        return self.root.put(layout.ORIGINALS, key, body, "image/jpeg")

    async def done(self, body: bytes = b"a photo", names: tuple[str, ...] = ("thumb", "big"), **place: Any) -> UUID:
        """An asset in `done` with these versions, all bytes in storage."""
        asset = await self.uploaded(body, **place)
        claim = await self.ledger.claim(asset, 30)
        assert claim is not None
        rows = [self.put_version(asset, name, name.encode() + body, **_at(place)) for name in names]
        assert await self.ledger.finish(claim, sha256(body).hexdigest(), {"format": "JPEG"}, rows, "recipe")
        return asset

    async def ordered(self, asset: UUID, name: str, body: bytes) -> None:
        """What an order of this name made of a finished asset: two versions."""
        await orders.place(asset, name, None, 10)
        desk = orders.Orders(lambda _: None)
        claim = await desk.claim(asset, name, 30)
        assert claim is not None
        rows = [self.put_version(asset, f"{name}_{one}", one.encode() + body) for one in ("thumb", "big")]
        assert await desk.finish(claim, rows, "recipe")

    def put_version(
        self, asset: UUID, name: str, data: bytes, owner: str = PROJECT, root: str = "projects"
    ) -> dict[str, Any]:
        digest = sha256(data).hexdigest()
        key = layout.version_key(root, owner, "images", asset, name, digest, "jpg")
        self.worker.put(layout.VERSIONS, key, data, "image/jpeg", reduced=True)
        told = {"name": name, "width": 1, "height": 1, "bytes": len(data), "content_type": "image/jpeg"}
        return told | {"extension": "jpg", "sha256": digest}

    def objects(self, bucket: str) -> list[Stat]:
        return list(self.root.list(bucket, "", versions=True))

    def versions_of(self, asset: UUID) -> list[Stat]:
        return [stat for stat in self.objects(layout.VERSIONS) if str(asset) in stat.key]

    async def verify(self, grace: float = 0, deep: bool = False, take: Any = None) -> Report:
        """The report of a walk through everything; the differences are in `found`."""
        self.found = []
        verifier = Verifier(self.worker, grace, deep, take or self._note)
        await verifier.everything()
        return verifier.report

    async def verify_days(self, *days_ago: int) -> Report:
        """The same of the folders of some days alone."""
        self.found = []
        verifier = Verifier(self.worker, 0, take=self._note)
        days = [day(ago) for ago in days_ago]
        async for owner in scope.owners(self.worker):
            await verifier.walk(await scope.of_days(self.worker, owner, days))
        return verifier.report

    async def _note(self, differences: Any) -> None:
        self.found += differences


def day(ago: int) -> date:
    from appliance.upkeep.days import today

    return today() - timedelta(days=ago)


def _at(place: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in place.items() if name in ("owner", "root")}
