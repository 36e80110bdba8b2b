"""Bringing an original back under its key, bit for bit, and removing what had taken its place."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from appliance.library.buckets import records
from appliance.library.buckets.clients import hindered
from appliance.library.buckets.records import Damaged, Held, Record, Stage
from appliance.library.buckets.replacing import drop, remove
from appliance.library.originals.hindrances import Hindrance, NotDone, Stop
from storage.buckets import ABSENT, Bucket, Changed, Head
from storage.errors import StorageError


class Undone(NamedTuple):
    """There: the original, under its key."""

    record: Record
    there: Head


def undo(bucket: Bucket, asset: UUID, done: Callable[[str], None] = lambda step: None) -> Undone | NotDone:
    """Not done where another object is there by now; then all is as it was. done: hears of each step."""
    try:
        held, original = _begin(bucket, asset)
        there = _looked(bucket, held.record)
        held = records.turn(bucket, held, Stage.UNDOING)
        done("mark")
        _put_back(bucket, held, original, there)
        done("put_back")
        back = records.lies(bucket, held.record.key, held.record.original, read=True)
        if back is None:
            raise Stop(Hindrance.CHANGED, "another object took its key at the last moment")
        _remove(bucket, held.record, there)
        drop(bucket, held.record, back)
        done("remove")
        records.forget(bucket, asset)
        return Undone(held.record, back)
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, f"its record can't be read: {error}")
    except Stop as stop:
        return stop.what
    except StorageError as error:
        return hindered(error)


def _begin(bucket: Bucket, asset: UUID) -> tuple[Held, Head]:
    """The record, and the original that is kept. Raises Stop, Damaged and StorageError."""
    held = records.read(bucket, asset)
    if held is None:
        raise Stop(Hindrance.GONE, "the original is not kept any more")
    if held.record.stage is not Stage.REPLACED:
        raise Stop(Hindrance.BUSY, "other work on it is under way, or was broken off")
    original = records.lies(bucket, records.original(asset), held.record.original, read=True)
    if original is None:
        raise Stop(Hindrance.DAMAGED, "what is kept is not what was put there")
    return held, original


def _looked(bucket: Bucket, record: Record) -> Head | None:
    """What had taken its place, if it is there still. Raises Stop where something of somebody else is."""
    there = bucket.head(record.new)
    if there is not None and records.lies(bucket, record.new, record.made) is None:
        raise Stop(Hindrance.CHANGED, f"the object {record.new} is another one by now")
    if record.key != record.new and bucket.head(record.key) is not None:
        raise Stop(Hindrance.CHANGED, f"the object {record.key} is another one by now")
    return there


def _put_back(bucket: Bucket, held: Held, original: Head, there: Head | None) -> None:
    """The moment: the original has its key, if that is free, or has what had taken its place."""
    record = held.record
    only = there.still if there is not None and record.key == record.new else ABSENT
    try:
        bucket.copy(original, record.key, {**original.headers, **bucket.tags(original)}, only)
    except Changed:
        with suppress(StorageError):
            records.turn(bucket, held, Stage.REPLACED)
        raise Stop(Hindrance.CHANGED, f"the object {record.key} is another one by now") from None


def _remove(bucket: Bucket, record: Record, there: Head | None) -> None:
    """What had taken its place: a version of the same key, or an object of its own."""
    if there is not None and (record.key != record.new or there.version_id):
        remove(bucket, there)
