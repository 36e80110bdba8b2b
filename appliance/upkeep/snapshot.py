"""All object versions that the ledger refers to at one moment, together with a dump of the ledger at that moment."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import asyncpg

from appliance.ledger.database import connect, fetch, lost_as_unavailable
from storage import layout

PREFETCH = 2000  # rows

# As ledger.pinned and ledger.developed say it of a page: what is known to be missing or damaged need not be there.
_ORIGINALS = """
SELECT b.bucket, b.key, b.version_id, b.size, b.sha256, bool_or(a.state IN ('uploaded', 'processing', 'done')
    OR (a.state = 'error' AND coalesce(a.error_code, '') NOT IN ('object_missing', 'object_damaged'))) AS required
FROM ledger.blobs b JOIN ledger.assets a ON a.blob = b.id AND a.state NOT IN ('deleting', 'deleted')
WHERE b.bucket <> '/'  -- of libraries: they lie on a disk that is not ours
GROUP BY b.id
"""
_VERSIONS = """
SELECT a.root, a.owner, a.folder, a.id, v.name, v.sha256, v.extension, v.bytes, a.state = 'done' AS required
FROM ledger.versions v JOIN ledger.assets a ON a.id = v.asset AND a.state NOT IN ('deleting', 'deleted')
"""


class Reference(NamedTuple):
    """An object version that a backup has to hold. `sha256` is None where no worker has read it yet."""

    bucket: str
    key: str
    version_id: str
    size: int
    sha256: str | None
    required: bool


class Moment:
    """A moment of the ledger: `name` lets pg_dump see the same one (pg_export_snapshot)."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    async def references(self) -> AsyncIterator[Reference]:
        """All of them, in no order."""
        async for row in self._connection.cursor(_ORIGINALS, prefetch=PREFETCH):
            yield Reference(*row)
        async for row in self._connection.cursor(_VERSIONS, prefetch=PREFETCH):
            root, owner, folder, asset, name, sha256, extension, size, required = row
            key = layout.version_key(root, owner, folder, asset, name, sha256, extension)
            yield Reference(layout.VERSIONS, key, "", size, sha256, required)


async def at_one_moment(work: Callable[[Moment], Awaitable[None]]) -> None:
    """Does `work` while the moment lasts: it should be short, since it keeps Postgres from cleaning up behind it.

    Raises Unavailable.
    """
    connection = await connect()
    try:
        with lost_as_unavailable():
            await connection.execute("SET idle_in_transaction_session_timeout = 0")
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                await work(Moment(connection, await connection.fetchval("SELECT pg_export_snapshot()")))
    finally:
        await connection.close()


async def referred(bucket: str, key: str) -> bool:
    """Whether the ledger still refers to what is under `key`: else it was deleted meanwhile."""
    if bucket == layout.ORIGINALS:
        sql = "SELECT FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob WHERE b.bucket = $1 AND b.key = $2"
        return bool(await fetch(f"{sql} AND a.state NOT IN ('deleting', 'deleted')", bucket, key))
    home, _, file = key.rpartition("/")
    if (place := layout.parse_original(home)) is None:
        return False
    sql = "SELECT FROM ledger.versions v JOIN ledger.assets a ON a.id = v.asset WHERE a.id = $1 AND a.state = 'done'"
    name = "v.name || '.' || left(v.sha256, 12) || '.' || v.extension"
    return bool(await fetch(f"{sql} AND {name} = $2", place.asset_id, file))


async def new_epoch() -> None:
    """After a restore: so that cursors from before it are recognised."""
    await fetch("UPDATE ledger.epoch SET epoch = substr(md5(gen_random_uuid()::text), 1, 12)")


async def pin(reference: Reference, version_id: str, etag: str) -> None:
    """Has the ledger refer to the version that restoring made of an original."""
    await fetch(
        "UPDATE ledger.blobs SET version_id = $4, etag = $5 WHERE bucket = $1 AND key = $2 AND version_id = $3",
        *reference[:3],
        version_id,
        etag,
    )
