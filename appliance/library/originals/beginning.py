"""What has to be true before a file is replaced, and what is needed to do it."""

import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from appliance.library.originals import places, records
from appliance.library.originals.hindrances import Hindrance, Stop
from appliance.library.originals.identity import Identity, Original, digest
from appliance.library.originals.leases import Lease, lease
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import MADE, ORIGINAL, Content, Facts, Record
from appliance.library.originals.scratch import Scratch
from appliance.library.originals.spots import Spot

BLOCK = 512  # bytes; what st_blocks counts


class Order(NamedTuple):
    """What is to become of an original. name: of the new file, in the folder of the original, where
    it is another one. until: when the original may be removed.
    """

    original: Original
    at: datetime
    until: datetime
    name: str | None = None


@dataclass
class Job:
    """All of one replacement. kept, folder, original, own: descriptors. back: what was done, for taking it back."""

    record: Record
    identity: Identity
    kept: int
    folder: int
    scratch: Scratch
    original: int
    lease: Lease
    stack: ExitStack
    own: int = -1
    lost: tuple[str, ...] = ()
    back: ExitStack = field(default_factory=ExitStack)

    @property
    def old(self) -> Spot:
        return Spot(self.folder, self.record.old)

    @property
    def new(self) -> Spot:
        return Spot(self.folder, self.record.new)

    @property
    def beside(self) -> Spot:
        """Beside the record lies what is not in its place: the new file at first, and the original after that."""
        return Spot(self.own, MADE)

    @property
    def kept_original(self) -> Spot:
        return Spot(self.own, ORIGINAL)

    def keep(self) -> None:
        """Make the folder for the record. Raises OSError."""
        asset = self.record.asset
        self.own = self.stack.enter_context(places.opened(str(asset), self.kept, make=True))
        self.back.callback(records.forget, self.kept, asset)


def begin(scratch: Scratch, order: Order, stack: ExitStack) -> Job:
    """Raises Stop and OSError, before anything is changed. stack: closes all that it opens."""
    place, asset = scratch.place, scratch.asset
    inside = _inside(place, order.original.path)
    kept = stack.enter_context(places.hidden(place, KEPT))
    _must_be_free(kept, asset, stack)
    folder = stack.enter_context(places.parent(place, inside))
    original = Spot(folder, os.path.basename(order.original.path)).open()
    stack.callback(os.close, original)
    changed = _must_be(order.original, original)
    record = _record(order, asset, inside, original, scratch.descriptor)
    # Last, since who begins to write waits from here on, and the reading before took as long as the files are large.
    held = stack.enter_context(lease(original))
    if os.fstat(original).st_ctime_ns != changed:
        raise Stop(Hindrance.CHANGED, "it was written to while it was looked at")
    if record.new != record.old and Spot(folder, record.new).exists():
        raise Stop(Hindrance.OCCUPIED, f"there is a file named {record.new} already")
    return Job(record, order.original.identity, kept, folder, scratch, original, held, stack)


def _inside(place: Place, path: str) -> bytes:
    try:
        return place.inside(path)
    except ValueError as error:
        raise Stop(Hindrance.PLACE, str(error)) from None


def _must_be_free(kept: int, asset: UUID, stack: ExitStack) -> None:
    if not stack.enter_context(locked(kept, asset)):
        raise Stop(Hindrance.BUSY, "other work on it is under way")
    try:
        with places.opened(str(asset), kept) as own:
            if os.listdir(own):
                raise Stop(Hindrance.BUSY, "an original of it is kept already")
    except FileNotFoundError:
        pass


def _must_be(meant: Original, original: int) -> int:
    """Raises Stop where it is not the file that was read. When the kernel saw it change last, in ns since 1970."""
    now = os.fstat(original)
    if not stat.S_ISREG(now.st_mode) or Identity.of(now) != meant.identity:
        raise Stop(Hindrance.CHANGED, "it is not the file any more that was read")
    # A time of change can be set back, the kernel's own can't; a new mode changes that one too, and no bytes.
    if now.st_ctime_ns != meant.ctime_ns and digest(original) != meant.sha256:
        raise Stop(Hindrance.CHANGED, "its content is another one by now")
    return now.st_ctime_ns


def _record(order: Order, asset: UUID, inside: bytes, original: int, made: int) -> Record:
    before, after = os.fstat(original), os.fstat(made)
    os.ftruncate(made, after.st_size)  # the room behind its end
    content = Content(size=after.st_size, allocated=os.fstat(made).st_blocks * BLOCK, sha256=digest(made))
    if content.known == (before.st_size, order.original.sha256):
        raise Stop(Hindrance.SAME, "what was made is the same file")
    facts = Facts(
        size=before.st_size,
        allocated=before.st_blocks * BLOCK,
        sha256=order.original.sha256,
        mtime_ns=before.st_mtime_ns,
        mode=stat.S_IMODE(before.st_mode),
        uid=before.st_uid,
        gid=before.st_gid,
    )
    name = os.fsencode(order.name) if order.name else inside.split(b"/")[-1]
    return Record(asset=asset, path=inside, name=name, original=facts, made=content, at=order.at, until=order.until)
