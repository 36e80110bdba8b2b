"""The world around one ledger: storage, Valkey, clients, workers, and the clock."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from redis.exceptions import RedisError

from appliance.accounts.owners import PROJECTS
from appliance.config import Config
from appliance.errors import Conflict, DomainError, NotFound, Unavailable
from appliance.files import service as images
from appliance.ledger.arrivals import Arrivals
from appliance.ledger.inbox import Inbox
from appliance.ledger.service import Bytes, Claim, Ledger
from appliance.ledger.sweep import Sweep, chores
from appliance.profiles import media
from appliance.queue import job_id
from storage import layout
from storage.objects import Stat, StorageUnavailable
from tests.ledger.book import VERSION
from tests.ledger.conftest import TABLES
from tests.ledger.model import witness
from tests.ledger.model.storage import Storage
from tests.ledger.model.valkey import Drained, Queue, Valkey
from tests.ledger.model.witness import holds

FORM_SECONDS = 900
LEASE_SECONDS = 30
SLOWEST = 3000  # seconds that an upload begun in time may take after its form ran out
AFTER_LEASE = 60  # seconds for which a worker may still write after it lost its lease: its job is ended by then
NEAR = 5  # seconds that an example may truly take; what is decided by less is not looked at
PUT_OFF = (Unavailable, StorageUnavailable, RedisError, Drained)  # what intake's loops live through

GOOD, BAD, DEADLY = "good", "bad", "deadly"  # files: developed, refused, and those that kill their worker

# Without files of their own to make anew, a hundred times faster than TRUNCATE; and in any order.
_EMPTY = (
    "SET session_replication_role = replica;"
    + "".join(f"DELETE FROM {table};" for table in (*TABLES, *witness.TABLES))
    + "SET session_replication_role = origin"
)
_AGE = """
UPDATE ledger.assets SET check_at = check_at - i, expires_at = expires_at - i, lease_until = lease_until - i,
    changed_at = changed_at - i, uploaded_at = uploaded_at - i, created_at = created_at - i
FROM (SELECT make_interval(secs => $1) AS i) n
"""
_PINNED = """
SELECT a.id, b.bucket, b.key, b.version_id, b.size FROM ledger.assets a LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE a.state IN ('uploaded', 'processing', 'done') OR (a.blob IS NOT NULL AND a.state NOT IN ('deleting', 'deleted'))
"""


@dataclass(eq=False)
class Asset:
    """An asset as its client knows it. `ends`: when its form runs out."""

    id: UUID
    owner: str
    file: str
    ends: float
    acknowledged: list[Stat] = field(default_factory=list)
    removed: bool = False

    @property
    def key(self) -> str:
        return layout.original_key("projects", self.owner, "images", self.id)


@dataclass(eq=False)
class Lease:
    """A claim as its worker knows it. `until`: when it runs out."""

    asset: Asset
    claim: Claim
    until: float
    returned: bool = False


class World:
    """One ledger and all that touches it. `clock` is in seconds; it moves when rows are made older."""

    def __init__(self, connection: asyncpg.Connection, without: str = "") -> None:
        """connection: one that no pause holds up; without: the name of a chore that is never done."""
        self.sql = connection
        self.clock = 0.0
        self.storage, self.valkey = Storage(), Valkey()
        self.ledger, self.queue = Ledger(lambda appended: None), Queue(self.valkey)
        self._arrivals = Arrivals(self.ledger, self.queue, self.storage)  # type: ignore[arg-type]
        sweep = Sweep(self.ledger, self._arrivals, self.queue, self.storage, Config())  # type: ignore[arg-type]
        self.inbox = Inbox(self.valkey, self._arrivals)  # type: ignore[arg-type]
        self.chores: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            chore.__name__: chore  # type: ignore[attr-defined]
            for chore in chores(sweep)
            if chore.__name__ != without  # type: ignore[attr-defined]
        }
        self.assets: dict[UUID, Asset] = {}
        self.latest: dict[UUID, Lease] = {}  # the last lease that was granted on each asset

    async def begin(self, owners: tuple[str, ...]) -> None:
        """An empty ledger with these projects."""
        await self.sql.execute(_EMPTY)
        for owner in owners:
            await PROJECTS.create("model", owner)

    async def check(self) -> None:
        """All that must hold after each step. Raises Broken."""
        await witness.check(self.sql)
        for row in await self.sql.fetch(_PINNED):
            held = self.storage.stored(layout.ORIGINALS, row["key"]) if row["key"] else []
            holds(
                any((stat.version_id, stat.size) == (row["version_id"], row["size"]) for stat in held),
                f"{row['id']} is pinned to version {row['version_id']}, which storage does not hold",
            )

    async def row(self, asset: Asset) -> asyncpg.Record | None:
        return await self.sql.fetchrow(
            "SELECT *, state::text AS state FROM ledger.assets WHERE id = $1",
            asset.id,
        )

    async def pass_time(self, seconds: float) -> None:
        await self.sql.execute(_AGE, float(seconds))
        self.clock += seconds

    async def open_slot(self, owner: str, file: str) -> Asset | None:
        closed = await self.sql.fetchval("SELECT closed FROM ledger.streams WHERE owner = $1", owner)
        slot = await self.ledger.open_slot(
            "projects", owner, "images", "image", "images", images.DRAFT, "a.jpg", FORM_SECONDS
        )
        holds((slot is None) == closed, f"a slot in {owner}, closed: {closed}")
        if slot is None:
            return None
        asset = self.assets[slot.id] = Asset(slot.id, owner, file, self.clock + FORM_SECONDS)
        return asset

    def land(self, asset: Asset) -> Stat | None:
        """The last byte of an upload comes in; what storage acknowledged is to end well from now on."""
        if self.clock > asset.ends + SLOWEST:
            return None
        stat = self.storage.take(asset.key, 4_000_000 + len(asset.acknowledged))
        if stat:
            asset.acknowledged.append(stat)
        return stat

    async def hint(self, asset: Asset) -> None:
        """The client's own call, as the API takes it."""
        try:
            found = await images.file(asset.id)
        except DomainError:
            return
        if found.version_id is None and self.storage.head(layout.ORIGINALS, asset.key):
            await self.ledger.hurry(asset.id)

    async def remove(self, asset: Asset) -> None:
        if await self.ledger.remove([asset.id]):
            asset.removed = True

    async def develop(self, asset: Asset) -> None:
        """A draft that is done is sent to be made in full: once, whoever asks."""
        row = await self.row(asset)
        right = bool(row and row["state"] == "done" and row["recipe"] == images.DRAFT)
        sent = await media.develop(self.ledger, [asset.id])
        holds(sent == [asset.id] * right, f"{asset.id} was sent to be made in full: {sent}, by right: {right}")

    async def make_project(self, owner: str) -> None:
        """Again, if it was removed and is forgotten."""
        with suppress(Conflict):
            await PROJECTS.create("model", owner)

    async def remove_project(self, owner: str) -> None:
        try:
            await PROJECTS.delete(owner)
        except NotFound:
            return
        for asset in self.assets.values():
            asset.removed |= asset.owner == owner

    async def tell(self, asset: Asset, stat: Stat) -> None:
        """The ledger is told of an upload; its job is taken at once."""
        await self._arrivals.take([Bytes(asset.id, asset.key, stat.version_id, stat.size, stat.etag)], "notification")
        self.valkey.jobs.pop(job_id(asset.id, 1), None)

    async def claim(self, asset: Asset) -> Lease | None:
        """What a worker does first. An asset is leased once at a time, and what waits can be had."""
        row = await self.row(asset)
        claim = await self.ledger.claim(asset.id, LEASE_SECONDS)
        state = row["state"] if row else None
        if claim is None:
            holds(state != "uploaded", f"{asset.id} waits, and can't be claimed")
            return None
        held = self.latest.get(asset.id)
        free = held is None or held.until <= self.clock + NEAR
        holds(state == "uploaded" or (state == "processing" and free), f"{asset.id} was {state} and is leased twice")
        lease = self.latest[asset.id] = Lease(asset, claim, self.clock + LEASE_SECONDS)
        return lease

    async def holds_lease(self, lease: Lease) -> bool:
        """Whether what this worker says counts: nobody claimed the asset since, and it did not come to an end."""
        row = await self.row(lease.asset)
        mine = self.latest[lease.asset.id] is lease and not lease.returned
        return bool(mine and row and row["state"] == "processing" and row["attempts"] == lease.claim.attempts)

    async def renew(self, lease: Lease, seconds: float) -> None:
        right = await self.holds_lease(lease)
        holds(await self.ledger.renew(lease.claim, seconds) == right, f"renewed {lease.claim.id}, by right: {right}")
        if right:
            lease.until = self.clock + seconds

    def write(self, lease: Lease) -> str | None:
        """A version is put into storage; by a worker that lost its lease not long ago, too."""
        if self.clock > lease.until + AFTER_LEASE:
            return None
        claim = lease.claim
        key = layout.version_key(claim.root, claim.owner, claim.folder, claim.id, "thumb", VERSION["sha256"], "jpg")
        self.storage.put(layout.VERSIONS, key)
        return key

    async def finish(self, lease: Lease) -> None:
        """The end of a job that went well."""
        if self.write(lease) is None:
            return
        right = await self.holds_lease(lease)
        done = await self.ledger.finish(lease.claim, "cd" * 32, {"format": "JPEG"}, [VERSION], "recipe")
        holds(done == right, f"the result of {lease.claim.id} was taken: {done}, by right: {right}")

    async def fail(self, lease: Lease, failure: Any) -> None:
        right = await self.holds_lease(lease)
        failed = await self.ledger.fail(lease.claim, failure)
        holds(failed == right, f"the failure of {lease.claim.id} was taken: {failed}, by right: {right}")

    async def give_back(self, lease: Lease, seconds: float) -> None:
        right = await self.holds_lease(lease)
        await self.ledger.give_back(lease.claim, seconds)
        if right:
            lease.until, lease.returned = self.clock + seconds, True
