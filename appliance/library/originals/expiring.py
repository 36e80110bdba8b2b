"""Removing originals whose time has passed: only then is anything saved."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from appliance.library.originals import places, records
from appliance.library.originals.beginning import BLOCK
from appliance.library.originals.hindrances import Hindrance, NotDone, failed
from appliance.library.originals.identity import holds
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import ORIGINAL, Damaged, Record, State
from appliance.library.originals.spots import Spot, sync


class Bytes(NamedTuple):
    """size: as its readers see it; allocated: what the file system gives for it, which is what is saved."""

    size: int
    allocated: int


class Expired(NamedTuple):
    """The original of an asset is gone for good. before: of the original; after: of what took its place."""

    asset: UUID
    path: str
    before: Bytes
    after: Bytes


def expire(place: Place, now: datetime) -> Iterator[Expired | NotDone]:
    """Remove the originals that are kept until `now` or shorter, each where its new file is there and whole.

    A NotDone for each other of these: it is kept. Raises OSError.
    """
    with suppress(FileNotFoundError), places.hidden(place, KEPT) as kept:
        for asset in places.assets(kept):
            with locked(kept, asset) as free:
                if free and (one := _expired(place, kept, asset, now)) is not None:
                    yield one


def _expired(place: Place, kept: int, asset: UUID, now: datetime) -> Expired | NotDone | None:
    try:
        with places.opened(str(asset), kept) as own:
            state, record = records.read(own)
            if state is not State.REPLACED or record.until > now:
                return None
            return _removed(place, kept, own, record)
    except FileNotFoundError:
        return None  # brought back meanwhile, or recovered later
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, f"the record can't be read: {error}", asset)
    except OSError as error:
        return failed(error, asset)


def _removed(place: Place, kept: int, own: int, record: Record) -> Expired | NotDone:
    after = _whole(place, record)
    if after is None:
        reason = "what took its place is not there any more as it was made: the original is kept"
        return NotDone(Hindrance.CHANGED, reason, record.asset)
    original = Spot(own, ORIGINAL)
    facts = original.stat()
    original.unlink()
    sync(own)
    records.forget(kept, record.asset)
    return Expired(record.asset, record.shown, Bytes(facts.st_size, facts.st_blocks * BLOCK), after)


def _whole(place: Place, record: Record) -> Bytes | None:
    """Of the new file, read whole: a time and a size say nothing of what a disk has lost since."""
    try:
        with places.parent(place, record.path) as folder:
            spot = Spot(folder, record.new)
            if holds(spot, record.made.known) is None:
                return None
            facts = spot.stat()
    except FileNotFoundError:
        return None
    return Bytes(facts.st_size, facts.st_blocks * BLOCK)
