"""What is written beside a kept original in its bucket, so that it can be brought back from the bucket alone.

    .darkroom/kept/{asset}/record      JSON; the first that is there and the last to go
    .darkroom/kept/{asset}/original    a copy that the server has made

A copy, not a version of the object, though some buckets keep versions: few do, a key of another program can't have
them kept, and a rule of the bucket may remove those that are not the newest at any time. A record is only written over
the one that was read, so that of two who are at it one finds out.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from appliance.library.originals.places import HIDDEN, KEPT
from storage.buckets import ABSENT, Bucket, Head
from storage.listing import Stat

FOLDER = f"{HIDDEN}/"
_KEPT = f"{FOLDER}{KEPT}/"
_RECORD, _ORIGINAL = "record", "original"


class Stage(StrEnum):
    """How far it is. All but REPLACED: under way, or broken off (recovering.py; expiring.py for the last)."""

    REPLACING = "replacing"
    REPLACED = "replaced"
    UNDOING = "undoing"
    EXPIRING = "expiring"


class Damaged(Exception):
    """It is no record."""


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """An object by its bytes; sha256: in hex; etag, version: as it lay under its key, empty where not known (yet)."""

    size: int
    sha256: str
    etag: str = ""
    version: str = ""

    @classmethod
    def at(cls, head: Head, sha256: str) -> "Thing":
        return cls(size=head.size, sha256=sha256, etag=head.etag, version=head.version_id)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """key: of the original; new: of what took its place. until: when the original may be removed."""

    stage: Stage
    asset: UUID
    key: str
    new: str
    original: Thing
    made: Thing
    at: datetime
    until: datetime


class Held(NamedTuple):
    """A record as it was read. etag: of its object."""

    record: Record
    etag: str


def folder(asset: UUID) -> str:
    return f"{_KEPT}{asset}/"


def original(asset: UUID) -> str:
    """The key of a kept original."""
    return folder(asset) + _ORIGINAL


def kept(bucket: Bucket) -> Iterator[tuple[UUID, Stat]]:
    """All records, by their assets. Raises StorageError."""
    for stat in bucket.list(_KEPT):
        asset, _, name = stat.key.removeprefix(_KEPT).partition("/")
        if name == _RECORD and _is_id(asset):
            yield UUID(asset), stat


def there(bucket: Bucket, asset: UUID) -> bool:
    """Whether there is one, be it damaged. Raises StorageError."""
    return bucket.head(folder(asset) + _RECORD) is not None


def read(bucket: Bucket, asset: UUID) -> Held | None:
    """None where there is none. Raises Damaged and StorageError."""
    head = bucket.head(folder(asset) + _RECORD)
    if head is None:
        return None
    try:
        record = msgspec.json.decode(b"".join(bucket.pieces(head)), type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from error
    if record.asset != asset or record.key.startswith(FOLDER) or record.new.startswith(FOLDER):
        raise Damaged("it is of something else")
    return Held(record, head.etag)


def write(bucket: Bucket, record: Record, only: Mapping[str, str] = ABSENT) -> Held:
    """Raises Changed where another one is there, and StorageError."""
    data = msgspec.json.format(msgspec.json.encode(record)) + b"\n"
    return Held(record, bucket.put(folder(record.asset) + _RECORD, data, only, {"content-type": "application/json"}))


def turn(bucket: Bucket, held: Held, stage: Stage, **facts: Any) -> Held:
    """The same record, so far. Raises Changed where somebody else has turned it meanwhile, and StorageError."""
    record = msgspec.structs.replace(held.record, stage=stage, **facts)
    return write(bucket, record, {"If-Match": f'"{held.etag}"'})


def forget(bucket: Bucket, asset: UUID) -> None:
    """Remove what is kept, and then the record. Raises StorageError."""
    bucket.purge(original(asset))
    bucket.purge(folder(asset))


def lies(bucket: Bucket, key: str, thing: Thing, read: bool = False) -> Head | None:
    """What lies under a key, if it is this thing: by its ETag, else by its bytes. read: by its bytes whatever it is.

    Raises StorageError.
    """
    head = bucket.head(key)
    if head is None or head.size != thing.size:
        return None
    if not read and thing.etag and head.etag == thing.etag:
        return head
    return head if bucket.digest(head) == thing.sha256 else None


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
