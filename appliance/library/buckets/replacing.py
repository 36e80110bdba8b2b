"""Replacing an object by what was made of it, so that at any moment one of the two lies whole under its key.

The same as for folders (originals/replacing.py), with what S3 has: an object is there whole or not at all, and is
written only where nothing, or the one that was read, is there. What dies between two steps `recovering` ends.
"""

import mimetypes
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from appliance.library.buckets import records
from appliance.library.buckets.clients import hindered
from appliance.library.buckets.records import Held, Record, Stage, Thing
from appliance.library.originals.hindrances import Hindrance, NotDone, Stop
from storage.buckets import ABSENT, Bucket, Changed, Head
from storage.errors import StorageError, StorageUnavailable


@dataclass
class Job:
    """All of one replacement. source: as it was read; descriptor: of what was made. back: for taking it back."""

    bucket: Bucket
    record: Record
    source: Head
    descriptor: int
    held: Held | None = None
    tags: dict[str, str] = field(default_factory=dict)
    made: Head | None = None
    back: ExitStack = field(default_factory=ExitStack)

    @property
    def same(self) -> bool:
        """Whether both have one key."""
        return self.record.key == self.record.new


def replace(job: Job, done: Callable[[str], None] = lambda step: None) -> Record | NotDone:
    """Put what was made in the place of the original, which is kept. done: hears of each step.

    Where it is not done, all is as it was; where storage gives no answer on the way, once it was recovered.
    """
    try:
        for step in SAME_KEY if job.same else OTHER_KEY:
            step(job)
            done(step.__name__)
    except StorageUnavailable as error:
        return hindered(error)  # whether it has done the last step is found out by recovering
    except (Stop, StorageError) as error:
        with suppress(StorageError):  # what can't be taken back now is brought to an end later
            job.back.close()
        return error.what if isinstance(error, Stop) else hindered(error)
    assert job.held is not None
    return job.held.record


def look(job: Job) -> None:
    """It is still the one that was read, and its tags."""
    now = job.bucket.head(job.record.key)
    if now is None or now.etag != job.source.etag:
        raise Stop(Hindrance.CHANGED, "it is not the object any more that was read")
    if not job.same and job.bucket.head(job.record.new) is not None:
        raise _occupied(job)
    job.tags = job.bucket.tags(job.source)


def note(job: Job) -> None:
    """What is going to happen is there before it does."""
    try:
        job.held = records.write(job.bucket, job.record)
    except Changed:
        raise Stop(Hindrance.BUSY, "an original of it is kept already") from None
    job.back.callback(records.forget, job.bucket, job.record.asset)


def keep(job: Job) -> None:
    """The original lies beside the record as well, bit for bit."""
    key = records.original(job.record.asset)
    job.bucket.copy(job.source, key, {**job.source.headers, **job.tags}, ABSENT)
    if records.lies(job.bucket, key, job.record.original, read=True) is None:
        raise Stop(Hindrance.FAILED, "storage has not copied it bit for bit")


def swap(job: Job) -> None:
    """The moment: what was made has the key, if the original still had."""
    _put(job, job.source.still)


def offer(job: Job) -> None:
    """The new object gets its key, beside the original."""
    try:
        _put(job, ABSENT)
    except Changed:
        raise _occupied(job) from None
    job.back.callback(remove, job.bucket, job.made)


def take(job: Job) -> None:
    """The original gives up its key."""
    job.bucket.delete(job.source)


def settle(job: Job) -> None:
    """From here on it has happened, whatever comes."""
    assert job.held is not None
    assert job.made is not None
    job.back.pop_all()
    made = Thing.at(job.made, job.record.made.sha256)
    job.held = records.turn(job.bucket, job.held, Stage.REPLACED, made=made)


SAME_KEY: tuple[Callable[[Job], None], ...] = (look, note, keep, swap, settle)
OTHER_KEY: tuple[Callable[[Job], None], ...] = (look, note, keep, offer, take, settle)


def remove(bucket: Bucket, head: Head | None) -> None:
    """Take away what we have put there ourselves, for good, and nothing else. Raises StorageError."""
    if head is not None and head.version_id:
        bucket.delete_version(head.key, head.version_id)
    elif head is not None:
        with suppress(Changed):
            bucket.delete(head)


def drop(bucket: Bucket, record: Record, there: Head | None = None) -> None:
    """What a bucket with versions has of the original besides, unless that is what is there. Raises StorageError."""
    version = record.original.version
    if version and (there is None or there.version_id != version):
        bucket.delete_version(record.key, version)


def _put(job: Job, only: dict[str, str]) -> None:
    headers = {**job.source.headers, **job.tags}
    if not job.same:
        headers["content-type"] = mimetypes.guess_type(job.record.new)[0] or "application/octet-stream"
    job.bucket.put_file(job.record.new, job.descriptor, job.record.made.sha256, headers, only)
    job.made = records.lies(job.bucket, job.record.new, job.record.made, read=True)
    if job.made is None:
        job.back.pop_all()  # the original is under its key no more: it stays where it is kept
        raise Stop(Hindrance.CHANGED, "another object took its key at the last moment")


def _occupied(job: Job) -> Stop:
    return Stop(Hindrance.OCCUPIED, f"there is an object {job.record.new} already")
