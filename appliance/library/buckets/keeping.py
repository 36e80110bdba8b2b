"""A library in a bucket: its objects are copied to a local disk, worked on there, and replaced where they are."""

import errno
import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from appliance.library.buckets import copying, expiring, finding, probing, records, recovering, replacing, undoing
from appliance.library.buckets.clients import Client, hindered, said, talking
from appliance.library.buckets.records import FOLDER, Record, Stage, Thing
from appliance.library.keeping import Brought, Now, Opened, Taken, Wish
from appliance.library.originals import places, scratch
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone, busy, failed
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.scratch import Scratch
from appliance.library.outcomes import Found, Looked, Skip, Unreadable
from appliance.library.workflow import Workflow
from appliance.settings import casts
from processors.sandbox.layers import Protection
from storage.buckets import Head
from storage.endpoint import Endpoint
from storage.errors import StorageError

ALLOWED_SECONDS, FORBIDDEN_SECONDS = 60.0, 15.0
_TRIED = f"{FOLDER}tried"


class BucketKeeping:
    """A Keeping (keeping.py). beside: the folder that the file of its key is in. local: for copies, and locks."""

    def __init__(self, workflow: Workflow, beside: Path, local: Path, endpoint: Endpoint | None) -> None:
        self._source, self.where = workflow.source, workflow.source.where
        self.ours = not workflow.source.endpoint
        self._client = Client(endpoint, self._source.bucket, beside / self._source.key_file)
        self._local, self._least_free = local, casts.size(workflow.limits.least_free)
        self._tried_until = 0.0
        self._forbidden: str | None = None
        self._kept_until: dict[UUID, tuple[str, datetime]] = {}

    def find(self) -> Iterator[Found]:
        return finding.find(self._client, self._source)

    def inside(self, found: Found) -> bytes:
        return found.path.removeprefix(self._source.prefix).encode()

    async def look(self, found: Found, protection: Protection) -> Looked | Skip | Unreadable:
        try:
            bucket = self._client.bucket
            return await probing.look(bucket, found, protection, self._place, self._least_free)
        except OSError as error:
            return Unreadable(found.path, error.strerror or type(error).__name__)

    def forbidden(self) -> str | None:
        """It is tried, once a minute at most; more often while it is."""
        if time.monotonic() >= self._tried_until:
            self._forbidden = self._tried()
            pause = FORBIDDEN_SECONDS if self._forbidden else ALLOWED_SECONDS
            self._tried_until = time.monotonic() + pause
        return self._forbidden

    def _tried(self) -> str | None:
        try:
            self._client.quick().may_write(_TRIED)
        except StorageError as error:
            return f"nothing can be written to the bucket {self._source.bucket} with its key: {said(error)}"
        except OSError as error:
            return error.strerror
        return None

    def open(self, path: bytes, version: str, stack: ExitStack) -> Opened | NotDone | NoRoom:
        try:
            bucket = self._client.bucket
            head = bucket.head(self._key(path))
            if head is None:
                return NotDone(Hindrance.GONE, "there is no such object any more")
            if _version(head) != version:
                return NotDone(Hindrance.CHANGED, "it has changed since it was looked at: the next look decides anew")
            copy = copying.whole(bucket, head, self._place, self._least_free)
        except StorageError as error:
            return hindered(error)
        except OSError as error:
            return failed(error)
        if isinstance(copy, NoRoom | NotDone):
            return copy
        stack.callback(os.close, copy.descriptor)
        found = Found(head.key, head.size, round(head.modified.timestamp() * 1e9), etag=head.etag)
        return Opened(copy.descriptor, copy.sha256, head, found)

    def room(self, path: bytes, asset: UUID, size: int) -> Scratch | NotDone | NoRoom:
        try:
            return scratch.reserve(self._place, asset, size, self._least_free)
        except OSError as error:
            return failed(error)

    def resume(self, path: bytes, asset: UUID, made: tuple[int, str]) -> Scratch | None:
        return scratch.resume(self._place, asset, made)

    def replace(self, opened: Opened, scratch: Scratch, wish: Wish) -> Taken | NotDone:
        try:
            size, sha256 = scratch.seal()
            record = _record(scratch.asset, opened, Thing(size=size, sha256=sha256), wish)
            job = replacing.Job(self._client.bucket, record, opened.mark, scratch.descriptor)
            with self._alone(scratch.asset) as free:
                done = replacing.replace(job) if free else busy()
        except OSError as error:
            return failed(error)
        return done if isinstance(done, NotDone) else self._taken(done)

    def settled(self, path: bytes, asset: UUID) -> Taken | NotDone | None:
        with self._alone(asset) as free:  # what storage says is for whoever works on the file: it is put off
            if not free:
                return busy()
            recovering.settle(self._client.bucket, asset)
            held = records.read(self._client.bucket, asset)
        return self._taken(held.record) if held and held.record.stage is Stage.REPLACED else None

    def recover(self, wanted: Collection[UUID]) -> Sequence[Any]:
        found = []
        with talking():
            for asset, _ in records.kept(self._client.bucket):
                with self._alone(asset) as free:
                    if free and (one := recovering.settle(self._client.bucket, asset)) is not None:
                        found.append(one)
        self.clear_left(wanted)
        return found

    def clear_left(self, wanted: Collection[UUID]) -> None:
        scratch.clear_left(self._place, wanted)

    def expire(self, now: datetime) -> Iterator[Expired | NotDone]:
        """A record is read again only once it has changed, or its time is over."""
        with talking():
            kept = {asset: stat.etag for asset, stat in records.kept(self._client.bucket)}
        self._kept_until = {asset: known for asset, known in self._kept_until.items() if known[0] == kept.get(asset)}
        found = (self._expired(asset, etag, now) for asset, etag in kept.items())
        return (one for one in found if one is not None)

    def release(self, path: bytes, asset: UUID) -> Expired | NotDone:
        try:
            with self._alone(asset) as free:
                return expiring.release(self._client.bucket, asset) if free else busy()
        except OSError as error:
            return failed(error)

    def keeps(self, path: bytes, asset: UUID) -> bool:
        with talking():
            return records.there(self._client.bucket, asset)

    def let_go(self, path: bytes, asset: UUID) -> bool:
        return not self.keeps(path, asset)

    def as_it_was(self, path: bytes, sha256: str) -> Now | None:
        with talking():
            head = self._client.bucket.head(self._key(path))
            if head is None or self._client.bucket.digest(head) != sha256:
                return None
        return Now(path, head.size, _version(head))

    def undo(self, path: bytes, asset: UUID) -> Brought | NotDone:
        try:
            with self._alone(asset) as free:
                done = undoing.undo(self._client.bucket, asset) if free else busy()
        except OSError as error:
            return failed(error)
        return (
            done
            if isinstance(done, NotDone)
            else Brought(Now(self._inside(done.there.key), done.there.size, _version(done.there)), None)
        )

    def _expired(self, asset: UUID, etag: str, now: datetime) -> Expired | NotDone | None:
        known = self._kept_until.get(asset)
        if known is not None and known[1] > now:
            return None
        try:
            with self._alone(asset) as free:
                done = expiring.expire(self._client.bucket, asset, now) if free else busy(asset)
        except OSError as error:
            return failed(error, asset)
        if isinstance(done, datetime):
            self._kept_until[asset] = etag, done
            return None
        return done

    @property
    def _place(self) -> Place:
        """Raises OSError."""
        self._local.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Place(os.path.realpath(self._local))

    @contextmanager
    def _alone(self, asset: UUID) -> Iterator[bool]:
        """Whether nobody else of this host is at an asset; each library is one host's. Raises OSError."""
        place = self._place
        if (hindrance := places.prepare(place)) is not None:
            raise OSError(errno.EACCES, hindrance.reason)
        with places.hidden(place, KEPT) as kept, locked(kept, asset) as free:
            yield free

    def _key(self, path: bytes) -> str:
        return self._source.prefix + path.decode()

    def _taken(self, record: Record) -> Taken:
        made = record.made
        now = Now(self._inside(record.new), made.size, _version(made))
        return Taken(now, made.sha256, record.original.sha256, record.until)

    def _inside(self, key: str) -> bytes:
        return key.removeprefix(self._source.prefix).encode()


def _version(of: Head | Thing) -> str:
    """The ETag alone says which bytes they are; the id of a version is in no listing."""
    return f"{of.etag}-{of.size}"


def _record(asset: UUID, opened: Opened, made: Thing, wish: Wish) -> Record:
    head: Head = opened.mark
    return Record(
        stage=Stage.REPLACING,
        asset=asset,
        key=head.key,
        new=head.key[: head.key.rfind("/") + 1] + wish.name if wish.name else head.key,
        original=Thing.at(head, opened.sha256),
        made=made,
        at=wish.at,
        until=wish.until,
    )
