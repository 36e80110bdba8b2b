"""Replacing a file by what was made of it, so that at any moment one of the two lies whole under its name.

What is done is a list of steps. Each that changes something says how that is taken back; a process that dies between
two of them, or a machine without power, leaves what `recovering` brings to an end. The record comes first: whatever
lies beside it is explained by it. The two files then exchange their names rather than that one is renamed over the
other: what somebody else put there at the last moment comes out of the exchange and is put back, not lost.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import NamedTuple

from appliance.library.originals import records
from appliance.library.originals.beginning import Job, Order, begin
from appliance.library.originals.dressing import dress
from appliance.library.originals.hindrances import Hindrance, NotDone, Stop, failed
from appliance.library.originals.identity import Identity
from appliance.library.originals.records import Record, State
from appliance.library.originals.scratch import Scratch
from appliance.library.originals.spots import Spot, exchange, move, sync


class Replaced(NamedTuple):
    """lost: what of the original's facts could not be given to the new file, for people."""

    record: Record
    lost: tuple[str, ...]


def replace(scratch: Scratch, order: Order, done: Callable[[str], None] = lambda step: None) -> Replaced | NotDone:
    """Put what was made in the place of the original, which is kept. done: hears of each step.

    Where it is not done, all is as it was, and what was made is still in its scratch.
    """
    with ExitStack() as stack:
        try:
            job = begin(scratch, order, stack)
        except Stop as stop:
            return stop.what
        except OSError as error:
            return failed(error)
        return _run(job, done)


def _run(job: Job, done: Callable[[str], None]) -> Replaced | NotDone:
    try:
        for step in SAME_NAME if job.new == job.old else OTHER_NAME:
            step(job)
            done(step.__name__)
    except (Stop, OSError) as error:
        with suppress(OSError):  # what can't be taken back now is brought to an end later
            job.back.close()
        return error.what if isinstance(error, Stop) else failed(error)
    return Replaced(job.record, job.lost)


def clothe(job: Job) -> None:
    """Owner, mode, times, attributes."""
    job.lost = dress(job.scratch.descriptor, job.original)


def write_out(job: Job) -> None:
    """Its bytes are on the disk before any name is changed."""
    sync(job.scratch.descriptor)


def note(job: Job) -> None:
    """What is going to happen is on the disk before it does."""
    job.keep()
    records.write(job.own, job.record)


def bring(job: Job) -> None:
    """What was made comes beside the record."""
    _move(job, job.scratch.spot, job.beside)


def last(job: Job) -> None:
    """So it is after a power loss as well."""
    sync(job.own, job.scratch.spot.folder)


def swap(job: Job) -> None:
    """The moment: the name is the new file's, and the original lies beside the record."""
    _must_be_still(job)
    exchange(job.beside, job.old)
    job.back.callback(exchange, job.beside, job.old)
    _must_be_original(job, job.beside)


def offer(job: Job) -> None:
    """The new file gets its name, beside the original."""
    try:
        _move(job, job.beside, job.new)
    except FileExistsError:
        raise Stop(Hindrance.OCCUPIED, f"there is a file named {job.record.new} already") from None


def take(job: Job) -> None:
    """The original gives up its name."""
    _must_be_still(job)
    _move(job, job.old, job.kept_original)
    _must_be_original(job, job.kept_original)


def call_original(job: Job) -> None:
    """It lies beside the record under a name that says what it is."""
    _move(job, job.beside, job.kept_original)


def show(job: Job) -> None:
    """The new names are there after a power loss as well."""
    sync(job.old.folder, job.own)


def settle(job: Job) -> None:
    """From here on it has happened, whatever comes."""
    records.turn(job.own, State.REPLACING, State.REPLACED)
    job.back.pop_all()
    with suppress(OSError):  # both names are on the disk already: the rest would be found out by recovering
        sync(job.own)


SAME_NAME: tuple[Callable[[Job], None], ...] = (
    clothe,
    write_out,
    note,
    bring,
    last,
    swap,
    show,
    call_original,
    settle,
)
OTHER_NAME: tuple[Callable[[Job], None], ...] = (
    clothe,
    write_out,
    note,
    bring,
    last,
    offer,
    show,
    take,
    show,
    settle,
)


def _move(job: Job, source: Spot, target: Spot) -> None:
    move(source, target)
    job.back.callback(move, target, source)


def _must_be_still(job: Job) -> None:
    job.lease.must_hold()
    try:
        facts = job.old.stat()
    except FileNotFoundError:
        raise Stop(Hindrance.CHANGED, "it has vanished") from None
    if Identity.of(facts) != job.identity:
        raise Stop(Hindrance.CHANGED, "it is not the file any more that was read")
    if facts.st_nlink > 1:
        raise Stop(Hindrance.HARD_LINKS, f"it has {facts.st_nlink} names")


def _must_be_original(job: Job, spot: Spot) -> None:
    """What came out. Raises Stop where that is not what was meant, or somebody has begun to write to it."""
    if Identity.of(spot.stat()) != job.identity:
        raise Stop(Hindrance.CHANGED, "another file took its name at the last moment")
    job.lease.must_hold()
