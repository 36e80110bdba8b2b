"""Removing originals whose time has passed, or that somebody lets go of: only then is anything saved."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from appliance.library.originals import places, records
from appliance.library.originals.beginning import BLOCK
from appliance.library.originals.hindrances import Hindrance, NotDone, busy, failed
from appliance.library.originals.identity import holds
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import ORIGINAL, Damaged, Record, State
from appliance.library.originals.spots import Spot, sync

OTHER = "what took its place is another one by now, or harmed"
NOTHING = "what took its place is not there any more"
WHOLE = "what took its place is there as it was made: the original goes by itself once its time is over"


class Bytes(NamedTuple):
    """size: as its readers see it; allocated: what the file system gives for it, which is what is saved."""

    size: int
    allocated: int


class Expired(NamedTuple):
    """The original of an asset is gone for good. before: of the original; after: of what took its place, 0 where that
    is not there any more.
    """

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
                one = _expired(place, kept, asset, now) if free else busy(asset)
                if one is not None:
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


def release(place: Place, asset: UUID) -> Expired | NotDone:
    """Remove the original of an asset, whatever its time, where what took its place is another file by now or gone.

    Not done where that is there and whole: the original goes by itself in its time.
    """
    try:
        with places.hidden(place, KEPT) as kept, locked(kept, asset) as free:
            if not free:
                return busy()
            with places.opened(str(asset), kept) as own:
                return _released(place, kept, own)
    except FileNotFoundError:
        return NotDone(Hindrance.GONE, "the original is not kept any more")
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, f"its record can't be read: {error}")
    except OSError as error:
        return failed(error)


def _released(place: Place, kept: int, own: int) -> Expired | NotDone:
    state, record = records.read(own)
    if state is not State.REPLACED:
        return NotDone(Hindrance.BUSY, "it was broken off, and has to be recovered first")
    if isinstance(_after(place, record), Bytes):
        return NotDone(Hindrance.SAME, WHOLE)
    return _let_go(kept, own, record, Bytes(0, 0))


def _removed(place: Place, kept: int, own: int, record: Record) -> Expired | NotDone:
    after = _after(place, record)
    return after if isinstance(after, NotDone) else _let_go(kept, own, record, after)


def _let_go(kept: int, own: int, record: Record, after: Bytes) -> Expired:
    original = Spot(own, ORIGINAL)
    facts = original.stat()
    original.unlink()
    sync(own)
    records.forget(kept, record.asset)
    return Expired(record.asset, record.shown, Bytes(facts.st_size, facts.st_blocks * BLOCK), after)


def _after(place: Place, record: Record) -> Bytes | NotDone:
    """Of the new file, read whole: a time and a size say nothing of what a disk has lost since."""
    try:
        with places.parent(place, record.path) as folder:
            spot = Spot(folder, record.new)
            if holds(spot, record.made.known) is None:
                return NotDone(Hindrance.CHANGED, f"{OTHER}: the original is kept", record.asset)
            facts = spot.stat()
    except (FileNotFoundError, NotADirectoryError):
        return NotDone(Hindrance.CHANGED, f"{NOTHING}: the original is kept", record.asset)
    return Bytes(facts.st_size, facts.st_blocks * BLOCK)
