"""Bringing an original back bit for bit, as atomically as it was replaced, and removing what had taken its place."""

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from appliance.library.originals import places, records
from appliance.library.originals.aside import put_aside
from appliance.library.originals.dressing import restore
from appliance.library.originals.evidence import which
from appliance.library.originals.hindrances import Hindrance, NotDone, Stop, failed
from appliance.library.originals.identity import Identity, digest
from appliance.library.originals.leases import Lease, lease
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import MADE, ORIGINAL, Damaged, Record, State
from appliance.library.originals.spots import Spot, exchange, move, sync


class Undone(NamedTuple):
    """aside: what the file that was there instead is called now, where it was neither of the two."""

    record: Record
    aside: str | None


@dataclass
class _Job:
    """kept, own, folder, original: descriptors. there: what has the original's name now; new: the new file, where it
    has another one and is still there. back: what was done, for taking it back.
    """

    record: Record
    kept: int
    own: int
    folder: int
    original: int
    there: Identity | None
    stranger: bool
    new: Identity | None
    lease: Lease | None = None
    aside: str | None = None
    shown: bool = False
    back: ExitStack = field(default_factory=ExitStack)

    @property
    def beside(self) -> Spot:
        return Spot(self.own, ORIGINAL)

    @property
    def name(self) -> Spot:
        return Spot(self.folder, self.record.old)


def undo(
    place: Place, asset: UUID, *, force: bool = False, done: Callable[[str], None] = lambda step: None
) -> Undone | NotDone:
    """The original of an asset gets its name back. done: hears of each step.

    Where another file is there by now that is not done; by force that one gets another name. Where it is not done, all
    is as it was.
    """
    with ExitStack() as stack:
        try:
            return _run(_begin(place, asset, force, stack), done)
        except Stop as stop:
            return stop.what
        except OSError as error:
            return failed(error)


def _run(job: _Job, done: Callable[[str], None]) -> Undone:
    try:
        for step in STEPS:
            step(job)
            done(step.__name__)
    except (Stop, OSError):
        if not job.shown:
            with suppress(OSError):  # what can't be taken back now is brought to an end later
                job.back.close()
            raise
        # It is undone, and what is left over is found by recovering.
    return Undone(job.record, job.aside)


def freshen(job: _Job) -> None:
    """It has what it had, even if it was copied since."""
    restore(job.original, job.record.original)
    sync(job.original)


def mark(job: _Job) -> None:
    """What is going to happen is on the disk before it does."""
    records.turn(job.own, State.REPLACED, State.UNDOING)
    job.back.callback(records.turn, job.own, State.UNDOING, State.REPLACED)
    sync(job.own)


def put_back(job: _Job) -> None:
    """The moment: the original has its name."""
    if job.there is None:
        try:
            move(job.beside, job.name)
        except FileExistsError:
            raise Stop(Hindrance.CHANGED, "another file took its name at the last moment") from None
        job.back.callback(move, job.name, job.beside)
        return
    exchange(job.beside, job.name)
    job.back.callback(exchange, job.beside, job.name)
    if Identity.of(job.beside.stat()) != job.there:
        raise Stop(Hindrance.CHANGED, "another file took its name at the last moment")
    if job.lease is not None:
        job.lease.must_hold()


def show(job: _Job) -> None:
    """It has its name after a power loss as well; from here on it has happened, whatever comes."""
    sync(job.folder, job.own)
    job.back.pop_all()
    job.shown = True


def set_aside(job: _Job) -> None:
    """What was there and is somebody's own stays, under another name."""
    if job.stranger:
        job.aside = put_aside(job.beside, job.folder, job.record.old)
        sync(job.folder)


def remove(job: _Job) -> None:
    """What had taken its place is gone, if it is still that."""
    if job.new is not None:
        taken = Spot(job.own, MADE)
        move(Spot(job.folder, job.record.new), taken)
        if Identity.of(taken.stat()) != job.new:
            move(taken, Spot(job.folder, job.record.new))
        sync(job.folder)
    for spot in records.files(job.own):
        spot.unlink()


def forget(job: _Job) -> None:
    """Nothing is kept any more."""
    records.forget(job.kept, job.record.asset)


STEPS: tuple[Callable[[_Job], None], ...] = (freshen, mark, put_back, show, set_aside, remove, forget)


def _begin(place: Place, asset: UUID, force: bool, stack: ExitStack) -> _Job:
    """Raises Stop and OSError, before anything is changed."""
    try:
        kept = stack.enter_context(places.hidden(place, KEPT))
        if not stack.enter_context(locked(kept, asset)):
            raise Stop(Hindrance.BUSY, "other work on it is under way")
        own = stack.enter_context(places.opened(str(asset), kept))
        state, record = records.read(own)
        original = Spot(own, ORIGINAL).open()
    except Damaged as error:
        raise Stop(Hindrance.DAMAGED, f"its record can't be read: {error}") from None
    except FileNotFoundError:
        raise Stop(Hindrance.GONE, "the original is not kept any more") from None
    stack.callback(os.close, original)
    if state is not State.REPLACED:
        raise Stop(Hindrance.BUSY, "it was broken off, and has to be recovered first")
    if digest(original) != record.original.sha256:
        raise Stop(Hindrance.DAMAGED, "what is kept is not what was put there")
    folder = stack.enter_context(places.parent(place, record.path))
    return _looked(_Job(record, kept, own, folder, original, None, False, None), force, stack)


def _looked(job: _Job, force: bool, stack: ExitStack) -> _Job:
    """What lies under the names now. Raises Stop where that is something of somebody else."""
    record, new = job.record, Spot(job.folder, job.record.new)
    if job.name.exists():
        job.there = Identity.of(job.name.stat())
        job.stranger = record.old != record.new or which(job.name, record) != record.made.sha256
        if job.stranger and not force:
            raise Stop(Hindrance.CHANGED, f"the file {record.old} is another one by now")
    if record.old != record.new and new.exists():
        if which(new, record) == record.made.sha256:
            job.new = Identity.of(new.stat())
        elif not force:
            raise Stop(Hindrance.CHANGED, f"the file {record.new} is another one by now")
    if not force and (job.there or job.new):
        descriptor = new.open()
        stack.callback(os.close, descriptor)
        job.lease = stack.enter_context(lease(descriptor))
    return job
