"""Making a backup: a moment of the ledger, then every object it refers to that the store does not hold yet."""

import asyncio
import gzip
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from appliance.upkeep import snapshot
from appliance.upkeep.confirm import surely_whole
from appliance.upkeep.snapshot import Moment, Reference
from ops.backups import catalogue
from ops.backups.catalogue import Manifest
from ops.backups.stores import CHUNK, Store, WrongBytes
from storage.inspection import Inspector
from storage.objects import ObjectMissing

AT_ONCE = 4
Tell = Callable[[int, int], None]  # object versions, and their bytes


class DumpFailed(Exception):
    """pg_dump did not do its work. Says what it said."""


class Source(NamedTuple):
    """What is backed up: `tools` is the folder of Postgres' programs."""

    database_url: str
    tools: Path
    objects: Inspector


@dataclass
class Made:
    """A backup that was made. `copied` of its objects were not in the store before."""

    stamp: str = ""
    objects: int = 0
    bytes: int = 0
    copied: int = 0
    copied_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    """Object versions that the ledger refers to and storage does not hold, or holds with other bytes."""


async def make(source: Source, store: Store, scratch: Path, found: Tell, done: Tell) -> Made:
    """Makes one backup; `found` and `done` are told of progress. It ends with its manifest, or is none.

    What is missing or damaged is named in the result and left out. Raises StoreError, DumpFailed, Unavailable,
    StorageError, Degraded.
    """
    stamp = catalogue.new_stamp()
    with tempfile.TemporaryDirectory(prefix="backup-", dir=scratch) as folder:
        wanted, dump, listed = (Path(folder) / name for name in ("wanted", catalogue.DUMP, catalogue.OBJECTS))
        await _moment(source, wanted, dump, found)
        made = Made(stamp)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            copies = _Copies(source.objects, store, threads, made, done)
            with gzip.open(listed, "wt", compresslevel=3, encoding="utf-8") as file:
                async for reference in copies.all(_read(wanted)):
                    file.write(catalogue.line(reference))
            made.missing = await _missing(source.objects, copies.not_there)
        parts = {
            name: await asyncio.to_thread(_keep, store, stamp, name, path)
            for name, path in ((catalogue.DUMP, dump), (catalogue.OBJECTS, listed))
        }
    manifest = Manifest(stamp, made.objects, made.bytes, parts[catalogue.DUMP], parts[catalogue.OBJECTS])
    text = manifest.text()
    await asyncio.to_thread(store.write, catalogue.place(stamp, catalogue.MANIFEST), [text], len(text))
    return made


async def _moment(source: Source, wanted: Path, dump: Path, found: Tell) -> None:
    """The ledger's dump, and what it refers to, of one moment."""

    async def work(moment: Moment) -> None:
        dumping = asyncio.create_task(_dump(source, moment.name, dump))
        try:
            count = size = 0
            with wanted.open("w") as file:
                async for reference in moment.references():
                    file.write(catalogue.line(reference))
                    count, size = count + 1, size + reference.size
            found(count, size)
            await dumping
        finally:
            dumping.cancel()

    await snapshot.at_one_moment(work)


async def _dump(source: Source, moment: str, target: Path) -> None:
    url, environment = without_password(source.database_url)
    command = [str(source.tools / "pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
    process = await asyncio.create_subprocess_exec(
        *command,
        f"--snapshot={moment}",
        f"--file={target}",
        f"--dbname={url}",
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said = (await process.communicate())[1].decode("utf-8", "replace")
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise DumpFailed(f"pg_dump: {said.strip()[-1000:]}")


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """A DSN that may stand in a command line, and the environment that has its password."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    where = user + host + (f":{parts.port}" if parts.port else "")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    return urlunsplit(parts._replace(netloc=where)), environment | {"PGPASSWORD": unquote(parts.password or "")}


def _read(wanted: Path) -> Iterator[Reference]:
    with wanted.open() as file:
        yield from map(catalogue.parsed, file)


def _keep(store: Store, stamp: str, name: str, path: Path) -> str:
    """Writes a part of the backup; its SHA-256."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with path.open("rb") as file:
        pieces = iter(lambda: file.read(CHUNK), b"")
        store.write(catalogue.place(stamp, name), pieces, path.stat().st_size, sha256)
    return sha256


class _Copies:
    """Copies what is not there yet, AT_ONCE at a time."""

    def __init__(self, objects: Inspector, store: Store, threads: ThreadPoolExecutor, made: Made, done: Tell) -> None:
        self._objects, self._store, self._threads = objects, store, threads
        self._made, self._done = made, done
        self.not_there: list[tuple[Reference, Exception]] = []

    async def all(self, wanted: Iterator[Reference]) -> AsyncIterator[Reference]:
        """Every reference of which the store holds the object now, with its SHA-256."""
        loop, running = asyncio.get_running_loop(), list[asyncio.Future[Reference | None]]()
        more = True
        while more or running:
            while more and len(running) < 4 * AT_ONCE:
                reference = next(wanted, None)
                if more := reference is not None:
                    running.append(asyncio.ensure_future(self._one(loop, reference)))
            if running:
                kept = await running.pop(0)
                if kept is not None:
                    yield kept

    async def _one(self, loop: asyncio.AbstractEventLoop, reference: Reference) -> Reference | None:
        try:
            kept, copied = await loop.run_in_executor(self._threads, self._copied, reference)
        except (ObjectMissing, WrongBytes) as error:
            if reference.required:
                self.not_there.append((reference, error))
            return None
        finally:
            self._done(1, reference.size)
        self._made.objects, self._made.bytes = self._made.objects + 1, self._made.bytes + reference.size
        self._made.copied += copied
        self._made.copied_bytes += reference.size if copied else 0
        return kept

    def _copied(self, reference: Reference) -> tuple[Reference, bool]:
        """The reference with its SHA-256, and whether its bytes had to be copied."""
        bucket, key, version_id, size, sha256, _ = reference
        if sha256 is None:
            sha256 = self._objects.sha256(bucket, key, version_id, size)
        name = catalogue.object_name(sha256)
        new = not self._store.has(name)
        if new:
            self._store.write(name, self._objects.pieces(bucket, key, version_id, size), size, sha256)
        return reference._replace(sha256=sha256), new


async def _missing(objects: Inspector, not_there: list[tuple[Reference, Exception]]) -> list[str]:
    """What of it should be there: a degraded storage may say that nothing is, and users delete meanwhile."""
    if any(isinstance(error, ObjectMissing) for _, error in not_there):
        await surely_whole(objects)
    return [
        f"{reference.bucket}/{reference.key}: {error}"
        for reference, error in not_there
        if await snapshot.referred(reference.bucket, reference.key)
    ]
