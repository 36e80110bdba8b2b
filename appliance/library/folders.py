"""A library in a folder of this host: its files are worked on where they are."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from appliance.library.finders import find
from appliance.library.finding import Entry
from appliance.library.keeping import Brought, Now, Opened, Taken, Wish
from appliance.library.originals import expiring, identity, places, recovering, replacing, resuming, scratch, undoing
from appliance.library.originals.beginning import Order
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone, Stop
from appliance.library.originals.leases import lease
from appliance.library.originals.records import Record
from appliance.library.originals.scratch import Scratch
from appliance.library.outcomes import Found, Looked, Skip, Unreadable
from appliance.library.permission import forbidden
from appliance.library.probing import FLAGS, look
from appliance.library.workflow import Workflow
from appliance.settings import casts
from processors.sandbox.layers import Protection


class FolderKeeping:
    """A Keeping (keeping.py)."""

    ours = False

    def __init__(self, workflow: Workflow) -> None:
        self._source, self.where = workflow.source, workflow.source.where
        self._least_free = casts.size(workflow.limits.least_free)

    def find(self) -> Iterator[Entry]:
        return find(self._source)

    def inside(self, found: Found) -> bytes:
        return os.path.relpath(os.fsencode(found.path), os.fsencode(self._source.folder))

    async def look(self, found: Found, protection: Protection) -> Looked | Skip | Unreadable:
        return await look(found, protection)

    def forbidden(self) -> str | None:
        return forbidden(self._source.folder)

    def open(self, path: bytes, version: str, stack: ExitStack) -> Opened | NotDone | NoRoom:
        whole = self._whole(path)
        try:
            descriptor = os.open(whole, FLAGS)
        except OSError as error:
            return self._away(error)
        stack.callback(os.close, descriptor)
        found = _found(whole, os.fstat(descriptor))
        if found.version != version:
            return NotDone(Hindrance.CHANGED, "it has changed since it was looked at: the next look decides anew")
        try:
            with lease(descriptor):  # hours before it is replaced: who writes to it now may do so for days
                original = identity.read(whole, descriptor)
        except Stop as stop:
            return stop.what
        return original if isinstance(original, NotDone) else Opened(descriptor, original.sha256, original, found)

    def room(self, path: bytes, asset: UUID, size: int) -> Scratch | NotDone | NoRoom:
        place = places.place_of(self._source.folder, self._whole(path))
        return place if isinstance(place, NotDone) else scratch.reserve(place, asset, size, self._least_free)

    def resume(self, path: bytes, asset: UUID, made: tuple[int, str]) -> Scratch | None:
        place = places.place_of(self._source.folder, self._whole(path))
        return None if isinstance(place, NotDone) else scratch.resume(place, asset, made)

    def replace(self, opened: Opened, scratch: Scratch, wish: Wish) -> Taken | NotDone:
        done = replacing.replace(scratch, Order(opened.mark, wish.at, wish.until, wish.name))
        if isinstance(done, NotDone):
            return done
        path = os.path.relpath(os.fsencode(opened.mark.path), os.fsencode(self._source.folder))
        return self._taken(path, done.record)._replace(lost=done.lost)

    def settled(self, path: bytes, asset: UUID) -> Taken | NotDone | None:
        found = resuming.settled(self._source.folder, self._whole(path), asset)
        return found if found is None or isinstance(found, NotDone) else self._taken(path, found[1])

    def recover(self, wanted: Collection[UUID]) -> Sequence[Any]:
        return [one for place in self._places() for one in recovering.recover(place, wanted)]

    def clear_left(self, wanted: Collection[UUID]) -> None:
        for place in self._places():
            scratch.clear_left(place, wanted)

    def expire(self, now: datetime) -> Iterator[Expired | NotDone]:
        return (one for place in self._places() for one in expiring.expire(place, now))

    def release(self, path: bytes, asset: UUID) -> Expired | NotDone:
        place = self._kept_at(path, asset)
        gone = NotDone(Hindrance.GONE, "the original is not kept any more")
        return expiring.release(place, asset) if place else gone

    def keeps(self, path: bytes, asset: UUID) -> bool:
        return self._kept_at(path, asset) is not None

    def let_go(self, path: bytes, asset: UUID) -> bool:
        place = places.place_of(self._source.folder, self._whole(path))
        if isinstance(place, NotDone):
            return False
        kept = os.path.join(place.top, places.HIDDEN, places.KEPT)
        return os.path.isdir(kept) and not places.keeps(place, asset)

    def as_it_was(self, path: bytes, sha256: str) -> Now | None:
        found = identity.look(self._whole(path))
        if isinstance(found, NotDone) or found.sha256 != sha256:
            return None
        return self._beside(path, os.path.basename(os.fsdecode(path)))

    def undo(self, path: bytes, asset: UUID) -> Brought | NotDone:
        place = places.place_of(self._source.folder, self._whole(path))
        done = place if isinstance(place, NotDone) else undoing.undo(place, asset)
        return done if isinstance(done, NotDone) else Brought(self._beside(path, done.record.old), done.aside)

    def _away(self, error: OSError) -> NotDone:
        """Whether a file is gone, or all of its disk is."""
        said = error.strerror or type(error).__name__
        with suppress(OSError), os.scandir(self._source.folder) as entries:
            if isinstance(error, FileNotFoundError) and any(entries):
                return NotDone(Hindrance.GONE, said)
        return NotDone(Hindrance.AWAY, f"{self._source.folder} can't be read as a whole: {said}")

    def _kept_at(self, path: bytes, asset: UUID) -> places.Place | None:
        """Where an original lies, though its file's own folder may have another name by now. Raises OSError."""
        place = places.place_of(self._source.folder, self._whole(path))
        likely = [] if isinstance(place, NotDone) else [place]
        return next((one for one in (*likely, *self._places()) if places.keeps(one, asset)), None)

    def _places(self) -> list[places.Place]:
        return places.places(self._source.folder)

    def _whole(self, path: bytes) -> str:
        return os.path.join(self._source.folder, os.fsdecode(path))

    def _taken(self, path: bytes, record: Record) -> Taken:
        now = self._beside(path, record.new)
        return Taken(now, record.made.sha256, record.original.sha256, record.until)

    def _beside(self, path: bytes, name: str) -> Now:
        """The file of this name in the folder of another one. Raises OSError."""
        inside = os.path.join(os.path.dirname(path), os.fsencode(name))
        whole = self._whole(inside)
        found = _found(whole, os.lstat(whole))
        return Now(inside, found.size, found.version)


def _found(path: str, facts: os.stat_result) -> Found:
    """A file by what its file system says of it."""
    return Found(path, facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)
