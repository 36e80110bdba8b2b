"""Filling an empty appliance from a backup: the ledger first, in one transaction, then every object it refers to.

It can be killed and begun again: the ledger is there or not, and an object that is there is not sent again.
"""

import asyncio
import itertools
import mimetypes
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from minio import Minio
from minio.error import S3Error

from appliance.ledger import database
from appliance.upkeep import snapshot
from appliance.upkeep.snapshot import Reference
from ops.backups import catalogue
from ops.backups.backup import without_password
from ops.backups.catalogue import Manifest
from ops.backups.stores import PART_BYTES, NotThere, Store, StoreError, WrongBytes, as_file, checked
from storage import layout
from storage.endpoint import Ability, Endpoint
from storage.errors import ObjectMissing, translated
from storage.inspection import Inspector
from storage.setup import make_buckets
from storage.transport import pool

AT_ONCE = 4
Metadata = dict[str, str | list[str] | tuple[str]]
Tell = Callable[[int, int], None]  # object versions, and their bytes


class NotEmpty(Exception):
    """There is something already where the backup was to go."""


class RestoreFailed(Exception):
    """pg_restore did not do its work. Says what it said."""


class Target(NamedTuple):
    """What is filled. `key` may do everything there, as access:secret."""

    database_url: str
    tools: Path
    storage: Endpoint
    key: str

    def client(self) -> Minio:
        access, _, secret = self.key.partition(":")
        where = self.storage
        return Minio(where.host, access, secret, secure=where.secure, region=where.region, http_client=pool(60.0))

    def inspector(self) -> Inspector:
        access, _, secret = self.key.partition(":")
        return Inspector(self.storage, access, secret)


@dataclass
class Restored:
    objects: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    """Object versions that the store lost, or holds with other bytes."""


async def restore(
    target: Target,
    store: Store,
    manifest: Manifest,
    scratch: Path,
    begun: bool,
    done: Tell,
    drill: int = 0,
    replica: Inspector | None = None,
) -> Restored:
    """Restores the backup of `manifest`; `done` is told of progress.

    begun: an earlier try of the same may have got anywhere. drill: of the objects only each so many-th, and each is
    read again and compared. replica: the objects are read from there, under their own names, and not from the store.
    Raises NotEmpty, StoreError, WrongBytes (of the dump), RestoreFailed, Unavailable,
    StorageError.
    """
    client = target.client()
    if target.storage.own:
        with translated("making the buckets"):
            make_buckets(client)
    there = (stat for bucket in (layout.ORIGINALS, layout.VERSIONS) for stat in target.inspector().list(bucket, ""))
    if not begun and any(there):
        raise NotEmpty("there are objects already")
    if not await _has_ledger():
        await _load(target, store, manifest, scratch)
    elif not begun:
        raise NotEmpty("there is a ledger already")
    restored = Restored()
    async with database.pool(AT_ONCE):
        await snapshot.new_epoch()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            proof = catalogue.place(manifest.stamp, catalogue.MANIFEST)
            compared_by = target.inspector() if drill else None
            copies = _Copies(client, target.storage, store, proof, threads, restored, done, compared_by, replica)
            pieces = checked(store.read(catalogue.place(manifest.stamp, catalogue.OBJECTS)), manifest.objects_sha256)
            await copies.all(itertools.islice(catalogue.read(pieces), 0, None, drill or 1))
    return restored


async def _has_ledger() -> bool:
    connection = await database.connect()
    try:
        return bool(await connection.fetchval("SELECT to_regnamespace('ledger') IS NOT NULL"))
    finally:
        await connection.close()


async def _load(target: Target, store: Store, manifest: Manifest, scratch: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=scratch, prefix="restore-") as dump:
        for piece in checked(store.read(catalogue.place(manifest.stamp, catalogue.DUMP)), manifest.dump_sha256):
            dump.write(piece)
        dump.flush()
        url, environment = without_password(target.database_url)
        process = await asyncio.create_subprocess_exec(
            str(target.tools / "pg_restore"),
            *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={url}", dump.name),
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        said = (await process.communicate())[1].decode("utf-8", "replace")
        if process.returncode:
            raise RestoreFailed(f"pg_restore: {said.strip()[-1000:]}")


class _Copies:
    """Brings objects back, AT_ONCE at a time."""

    def __init__(
        self,
        client: Minio,
        storage: Endpoint,
        store: Store,
        proof: str,
        threads: ThreadPoolExecutor,
        restored: Restored,
        done: Tell,
        compared_by: Inspector | None,
        replica: Inspector | None,
    ) -> None:
        self._client, self._storage, self._store, self._threads = client, storage, store, threads
        self._proof = proof  # what the store has for as long as it is there
        self._restored, self._done, self._compared_by = restored, done, compared_by
        self._replica = replica

    async def all(self, wanted: Iterator[Reference]) -> None:
        async def each() -> None:
            for reference in wanted:
                await self._one(reference)

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(AT_ONCE):
                    tasks.create_task(each())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _one(self, reference: Reference) -> None:
        try:
            put = await asyncio.get_running_loop().run_in_executor(self._threads, self._put, reference)
        except (WrongBytes, NotThere) as error:
            if not await asyncio.to_thread(self._store.has, self._proof):
                raise StoreError("the store has gone away") from error
            self._restored.damaged.append(f"{reference.bucket}/{reference.key}: {error}")
            return
        if reference.bucket == layout.ORIGINALS:
            await snapshot.pin(reference, *put)
        self._restored.objects += 1
        self._restored.bytes += reference.size
        self._done(1, reference.size)

    def _put(self, reference: Reference) -> tuple[str, str]:
        """The version id and ETag of the object, which may be there from an earlier try."""
        bucket, key, _, size, sha256, _ = reference
        assert sha256 is not None
        with translated(f"restoring {bucket}/{key}"):
            if there := self._there(bucket, key, size):
                return there
            kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
            reduced = bucket == layout.VERSIONS and Ability.REDUCED in self._storage.abilities
            metadata: Metadata = {"x-amz-storage-class": "REDUCED_REDUNDANCY"} if reduced else {}
            stream = as_file(checked(self._pieces(reference), sha256, size))
            made = self._client.put_object(
                *self._named(bucket, key), stream, size, content_type=kind, metadata=metadata, part_size=PART_BYTES
            )
        if self._compared_by is not None:
            found = self._compared_by.sha256(bucket, key, made.version_id or "", size)
            if found != sha256:
                raise WrongBytes(f"SHA-256 {found}, where {sha256} is known")
        return made.version_id or "", made.etag or ""

    def _pieces(self, reference: Reference) -> Iterator[bytes]:
        bucket, key, version_id, size, sha256, _ = reference
        if self._replica is None:
            assert sha256 is not None
            yield from self._store.read(catalogue.object_name(sha256))
            return
        try:
            yield from self._replica.pieces(bucket, key, version_id, size)
        except ObjectMissing as error:
            raise NotThere("the second site does not have it") from error

    def _named(self, bucket: str, key: str) -> tuple[str, str]:
        return self._storage.bucket_of(bucket), self._storage.key_of(bucket, key)

    def _there(self, bucket: str, key: str, size: int) -> tuple[str, str] | None:
        try:
            stat = self._client.stat_object(*self._named(bucket, key))
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            raise
        return (stat.version_id or "", stat.etag or "") if stat.size == size else None
