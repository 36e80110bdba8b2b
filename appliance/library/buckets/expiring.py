"""Removing originals whose time has passed, or that somebody lets go of: only then is anything saved."""

from datetime import datetime
from uuid import UUID

from appliance.library.buckets import records
from appliance.library.buckets.clients import hindered
from appliance.library.buckets.records import Damaged, Held, Record, Stage
from appliance.library.buckets.replacing import drop
from appliance.library.originals.expiring import NOTHING, OTHER, WHOLE, Bytes, Expired
from appliance.library.originals.hindrances import Hindrance, NotDone
from storage.buckets import Bucket
from storage.errors import StorageError


def expire(bucket: Bucket, asset: UUID, now: datetime) -> Expired | NotDone | datetime | None:
    """Remove the original of an asset that is kept until `now` or shorter, where its new object is there and whole.

    Of one that is kept longer until when; None where others are at it. What was begun with is gone on with.
    """
    try:
        held = records.read(bucket, asset)
        if held is None or held.record.stage not in (Stage.REPLACED, Stage.EXPIRING):
            return None
        if held.record.until > now:
            return held.record.until
        return _removed(bucket, held)
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, f"the record can't be read: {error}", asset)
    except StorageError as error:
        return hindered(error, asset)


def release(bucket: Bucket, asset: UUID) -> Expired | NotDone:
    """Remove the original of an asset, whatever its time, where what took its place is another object by now or gone.

    Not done where that is there and whole: the original goes by itself in its time.
    """
    try:
        held = records.read(bucket, asset)
        if held is None:
            return NotDone(Hindrance.GONE, "the original is not kept any more")
        if held.record.stage not in (Stage.REPLACED, Stage.EXPIRING):
            return NotDone(Hindrance.BUSY, "other work on it is under way, or was broken off")
        if held.record.stage is Stage.REPLACED:
            if _harm(bucket, held.record) is None:
                return NotDone(Hindrance.SAME, WHOLE)
            records.turn(bucket, held, Stage.EXPIRING)
        return _let_go(bucket, held.record)._replace(after=Bytes(0, 0))
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, f"its record can't be read: {error}")
    except StorageError as error:
        return hindered(error)


def _removed(bucket: Bucket, held: Held) -> Expired | NotDone:
    record = held.record
    if record.stage is Stage.REPLACED:
        if (harm := _harm(bucket, record)) is not None:
            return NotDone(Hindrance.CHANGED, f"{harm}: the original is kept", record.asset)
        records.turn(bucket, held, Stage.EXPIRING)
    return _let_go(bucket, record)


def _harm(bucket: Bucket, record: Record) -> str | None:
    """What is wrong with what took its place, read whole: a size and an ETag say nothing of what drives have lost."""
    if records.lies(bucket, record.new, record.made, read=True) is not None:
        return None
    return NOTHING if bucket.head(record.new) is None else OTHER


def _let_go(bucket: Bucket, record: Record) -> Expired:
    # Somebody may have made the original's own version the newest again: then it is theirs.
    drop(bucket, record, bucket.head(record.key))
    records.forget(bucket, record.asset)
    before, after = record.original.size, record.made.size
    return Expired(record.asset, record.key, Bytes(before, before), Bytes(after, after))
