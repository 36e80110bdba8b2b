"""After a power loss, or the end of a process in the middle: each replacement and each undoing is brought to one end.

What there is to go by are the record and the content of the files, told by SHA-256: inodes have other numbers after
some mounts. Doing it twice changes nothing, and what others are at meanwhile is left to them.
"""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from appliance.library.originals import places, records
from appliance.library.originals.aside import put_aside
from appliance.library.originals.evidence import Found, which
from appliance.library.originals.hindrances import Hindrance, NotDone, failed
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import ORIGINAL, Damaged, Record, State
from appliance.library.originals.scratch import clear_left
from appliance.library.originals.spots import Spot, exchange, move, sync


class End(StrEnum):
    """Which of the two files has the name in the end. ROLLED_BACK: the original, as if nothing had been begun. KEPT:
    neither, by somebody else's doing; the original is kept. FORGOTTEN: there was nothing left but a record.
    """

    REPLACED = "replaced"
    ROLLED_BACK = "rolled_back"
    UNDONE = "undone"
    KEPT = "kept"
    FORGOTTEN = "forgotten"


class Recovered(NamedTuple):
    """What was under way has come to this end. path: from the top of the place on."""

    asset: UUID
    end: End
    path: str


def recover(place: Place, wanted: Collection[UUID] = ()) -> Iterator[Recovered | NotDone]:
    """One for each that was broken off. What was being made by somebody who is gone is removed, but for the assets that
    are wanted: somebody goes on with these. Raises OSError.
    """
    with suppress(FileNotFoundError), places.hidden(place, KEPT) as kept:
        for asset in places.assets(kept):
            with locked(kept, asset) as free:
                if free and (one := settle(place, kept, asset)) is not None:
                    yield one
    clear_left(place, wanted)


def settle(place: Place, kept: int, asset: UUID) -> Recovered | NotDone | None:
    """The same of one asset, whose lock is held; None where nothing was broken off. kept: a descriptor of KEPT."""
    try:
        with ExitStack() as stack:
            try:
                own = stack.enter_context(places.opened(str(asset), kept))
            except FileNotFoundError:  # brought to its end by somebody else meanwhile
                return None
            return _ended(place, kept, own, asset)
    except Damaged as error:
        return NotDone(Hindrance.DAMAGED, f"its record can't be read: {error}", asset)
    except OSError as error:
        return failed(error, asset)


def _ended(place: Place, kept: int, own: int, asset: UUID) -> Recovered | NotDone | None:
    try:
        state, record = records.read(own)
    except FileNotFoundError:
        return _without_record(kept, own, asset)
    if state is State.REPLACED and Spot(own, ORIGINAL).exists():
        return None
    with _folder(place, record) as folder:
        beside = {spot: which(spot, record) for spot in records.files(own)}
        end = _ENDINGS[state](Found(record, kept, own, folder, beside))
    return Recovered(asset, end, record.shown)


@contextmanager
def _folder(place: Place, record: Record) -> Iterator[int | None]:
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(places.parent(place, record.path))
        except FileNotFoundError:
            folder = None
        yield folder


def _without_record(kept: int, own: int, asset: UUID) -> NotDone | None:
    if any(records.files(own)):
        return NotDone(Hindrance.DAMAGED, "there is no record of what is kept", asset)
    records.forget(kept, asset)
    return None


def _of_replacing(found: Found) -> End:
    if found.is_new():
        return _finished(found)
    if found.is_old():
        return _emptied(found, End.ROLLED_BACK)
    if (original := found.kept_original()) is not None:
        # Somebody has removed or changed the file since. It is theirs to say what becomes of it.
        return _kept(found, original, End.KEPT)
    return _left(found, End.ROLLED_BACK)


def _finished(found: Found) -> End:
    """The new file has its name: so the original gives up its own."""
    if not found.one_name and found.is_old():
        if found.kept_original() is not None:  # one file with two names
            found.spot(found.record.old).unlink()
        else:
            beside = Spot(found.own, ORIGINAL)
            move(found.spot(found.record.old), beside)
            found.beside[beside] = found.record.original.sha256
        sync(found.spot(found.record.old).folder)
    if (original := found.kept_original()) is not None:
        return _kept(found, original, End.REPLACED)
    if found.one_name and (strangers := found.strangers()):
        # It took the name in the very last moment, and gets it back.
        exchange(strangers[0], found.spot(found.record.old))
        sync(found.spot(found.record.old).folder)
        return _emptied(found, End.ROLLED_BACK)
    return _left(found, End.FORGOTTEN)


def _of_replaced(found: Found) -> End:
    """Where it is not under its name: it was about to be, or it had just been removed for good."""
    if found.kept_original() is not None:
        return _of_replacing(found)
    return _left(found, End.FORGOTTEN)


def _of_undoing(found: Found) -> End:
    if found.is_old():
        new = None if found.one_name else found.spot(found.record.new)
        if new is not None and which(new, found.record) == found.record.made.sha256:
            new.unlink()
            sync(new.folder)
        return _left(found, End.UNDONE)
    if (original := found.kept_original()) is not None:
        return _kept(found, original, End.REPLACED if found.is_new() else End.KEPT)
    return _left(found, End.FORGOTTEN)


def _kept(found: Found, original: Spot, end: End) -> End:
    """The original stays beside the record, and nothing else does."""
    del found.beside[original]
    if original.name != ORIGINAL:
        move(original, Spot(found.own, ORIGINAL))
    _clear(found)
    sync(found.own)
    state, _ = records.read(found.own)
    records.turn(found.own, state, State.REPLACED)
    sync(found.own)
    return end


def _left(found: Found, end: End) -> End:
    """Nothing is kept any more."""
    _clear(found)
    records.forget(found.kept, found.record.asset)
    return end


def _emptied(found: Found, end: End) -> End:
    """The same, where all that lies beside the record is ours."""
    for spot in found.beside:
        spot.unlink()
    records.forget(found.kept, found.record.asset)
    return end


def _clear(found: Found) -> None:
    """What is neither of the two is somebody's, and gets a name of its own in their folder."""
    for spot, sha256 in found.beside.items():
        if sha256 is None and spot.stat().st_nlink == 1:
            folder = found.spot(found.record.old).folder
            put_aside(spot, folder, found.record.old)
            sync(folder)
        else:
            spot.unlink()


_ENDINGS = {State.REPLACING: _of_replacing, State.REPLACED: _of_replaced, State.UNDOING: _of_undoing}
