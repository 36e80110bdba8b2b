"""After the end of a process in the middle: each replacement and each undoing is brought to one end.

What there is to go by are the record and the objects, told by their bytes. Doing it twice changes nothing.
"""

from uuid import UUID

from appliance.library.buckets import records
from appliance.library.buckets.clients import hindered
from appliance.library.buckets.records import Damaged, Held, Record, Stage, Thing
from appliance.library.buckets.replacing import drop, remove
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.originals.recovering import End, Recovered
from storage.buckets import Bucket
from storage.errors import StorageError


def settle(bucket: Bucket, asset: UUID) -> Recovered | NotDone | None:
    """None where nothing of this asset was broken off."""
    try:
        held = records.read(bucket, asset)
        if held is None or held.record.stage not in _ENDINGS:
            return None
        return Recovered(asset, _ENDINGS[held.record.stage](bucket, held), held.record.key)
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, str(error), asset)
    except StorageError as error:
        return hindered(error, asset)


def _of_replacing(bucket: Bucket, held: Held) -> End:
    record = held.record
    new = records.lies(bucket, record.new, record.made)
    old = records.lies(bucket, record.key, record.original)
    if new is None and old is not None:
        return _left(bucket, record.asset, End.ROLLED_BACK)
    if records.lies(bucket, records.original(record.asset), record.original, read=True) is None:
        return _without_original(bucket, record)
    if new is None:
        records.turn(bucket, held, Stage.REPLACED)
        return End.KEPT
    if old is not None and record.key != record.new:
        bucket.delete(old)
    records.turn(bucket, held, Stage.REPLACED, made=Thing.at(new, record.made.sha256))
    return End.REPLACED


def _of_undoing(bucket: Bucket, held: Held) -> End:
    record = held.record
    new = records.lies(bucket, record.new, record.made)
    if (old := records.lies(bucket, record.key, record.original)) is not None:
        if record.key != record.new:
            remove(bucket, new)
        drop(bucket, record, old)
        return _left(bucket, record.asset, End.UNDONE)
    if records.lies(bucket, records.original(record.asset), record.original, read=True) is None:
        return _without_original(bucket, record)
    records.turn(bucket, held, Stage.REPLACED)
    return End.REPLACED if new is not None else End.KEPT


def _without_original(bucket: Bucket, record: Record) -> End:
    """Somebody has removed it. Raises Damaged where nothing is found at all: storage without its drives says so too."""
    if bucket.head(record.key) is None and bucket.head(record.new) is None:
        raise Damaged("neither the original nor what was made of it is found")
    return _left(bucket, record.asset, End.FORGOTTEN)


def _left(bucket: Bucket, asset: UUID, end: End) -> End:
    """Nothing is kept any more."""
    records.forget(bucket, asset)
    return end


_ENDINGS = {Stage.REPLACING: _of_replacing, Stage.UNDOING: _of_undoing}
