"""Removing originals whose time has passed: only then is anything saved."""

from datetime import datetime
from uuid import UUID

from appliance.library.buckets import records
from appliance.library.buckets.clients import hindered
from appliance.library.buckets.records import Damaged, Held, Stage
from appliance.library.buckets.replacing import drop
from appliance.library.originals.expiring import Bytes, Expired
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


def _removed(bucket: Bucket, held: Held) -> Expired | NotDone:
    record = held.record
    if record.stage is Stage.REPLACED:
        # Read whole: a size and an ETag say nothing of what drives have lost since.
        if records.lies(bucket, record.new, record.made, read=True) is None:
            reason = "what took its place is not there any more as it was made: the original is kept"
            return NotDone(Hindrance.CHANGED, reason, record.asset)
        records.turn(bucket, held, Stage.EXPIRING)
    drop(bucket, record)
    records.forget(bucket, record.asset)
    before, after = record.original.size, record.made.size
    return Expired(record.asset, record.key, Bytes(before, before), Bytes(after, after))
