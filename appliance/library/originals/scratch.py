"""Room for what is being made, taken before the work begins: a full disk is found out in the first second of hours."""

import errno
import os
from collections.abc import Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID

from appliance.library.originals import places
from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone, Stop, failed
from appliance.library.originals.identity import digest, holds
from appliance.library.originals.locks import locked
from appliance.library.originals.places import WORK, Place
from appliance.library.originals.records import MADE
from appliance.library.originals.spots import Spot, exchange, move, sync
from processors.sandbox import kernel

# fallocate(2); linux/falloc.h. The C library's posix_fallocate would write to each block where there is no such call.
_FALLOCATE = {"x86_64": 285, "aarch64": 47}
_KEEP_SIZE = 1
_TRIED = ("tried", "other")


@dataclass
class _Rest:
    """What is left of an asset in WORK, a descriptor, when its scratch is closed: nothing, unless it is kept."""

    work: int
    asset: UUID
    kept: bool = False

    def close(self) -> None:
        if not self.kept:
            clear(self.work, self.asset)


class Scratch:
    """A file that is being made, empty at first, with room behind its end. Closing it removes what is still there,
    unless it is to be kept.

    As long as it is open nobody else makes anything for the asset, and no recovery takes it for left over.
    """

    def __init__(self, place: Place, own: int, descriptor: int, rest: _Rest, close: ExitStack) -> None:
        self.place, self.asset, self.descriptor, self._close = place, rest.asset, descriptor, close
        self.spot, self._rest = Spot(own, MADE), rest

    def keep(self, kept: bool = True) -> None:
        """Whether what was made outlives its closing, so that `resume` can go on with it."""
        self._rest.kept = kept

    def seal(self) -> tuple[int, str]:
        """It is whole: size in bytes and SHA-256 in hex of what is on the disk for good. Raises OSError."""
        size = self.trim()
        os.fsync(self.descriptor)
        return size, digest(self.descriptor)

    def trim(self) -> int:
        """Give back the room that is not needed. Bytes of the file. Raises OSError."""
        size = os.fstat(self.descriptor).st_size
        os.ftruncate(self.descriptor, size)
        return size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close.close()


def reserve(place: Place, asset: UUID, size: int, least_free: int) -> Scratch | NoRoom | NotDone:
    """An empty file with room for `size` bytes, beside which `least_free` bytes stay free.

    Where the file system can't set room aside it is only seen that there is as much at the time.
    """
    try:
        free = _free(place.top)
    except OSError as error:
        return failed(error)
    if free < size + least_free:  # first of all: one without any room has none for a folder either
        return NoRoom(size, least_free, free, place.top)
    if (hindrance := places.prepare(place)) is not None:
        return hindrance
    with ExitStack() as stack:
        try:
            work = stack.enter_context(places.hidden(place, WORK))
            if not stack.enter_context(locked(work, asset)):
                return NotDone(Hindrance.BUSY, "it is being made already")
            clear(work, asset)
            rest = _Rest(work, asset)
            stack.callback(rest.close)
            own = stack.enter_context(places.opened(str(asset), work, make=True))
            _must_be_able(own)
            if (descriptor := _reserved(own, size, least_free)) is None:
                stack.close()
                return NoRoom(size, least_free, _free(place.top), place.top)
            stack.callback(os.close, descriptor)
            return Scratch(place, own, descriptor, rest, stack.pop_all())
        except Stop as stop:
            return stop.what
        except OSError as error:
            return failed(error)


def resume(place: Place, asset: UUID, made: tuple[int, str]) -> Scratch | None:
    """What an earlier attempt has made and kept, if it is there with this size in bytes and this SHA-256; it is still
    to be kept. None where it is not, or somebody is at it: then all begins with `reserve`.
    """
    with ExitStack() as stack, suppress(OSError):
        work = stack.enter_context(places.hidden(place, WORK))
        if not stack.enter_context(locked(work, asset)):
            return None
        rest = _Rest(work, asset, kept=True)
        stack.callback(rest.close)
        own = stack.enter_context(places.opened(str(asset), work))
        if holds(Spot(own, MADE), made) is None:
            return None
        descriptor = Spot(own, MADE).open(os.O_RDWR)
        stack.callback(os.close, descriptor)
        return Scratch(place, own, descriptor, rest, stack.pop_all())
    return None


def unnamed(place: Place, size: int, least_free: int) -> int | NoRoom | NotDone:
    """A descriptor of an empty file with room as above, and without a name: nothing is left of it, whatever happens."""
    if (hindrance := places.prepare(place)) is not None:
        return hindrance
    try:
        with places.hidden(place, WORK) as work:
            descriptor = None
            if _free(work) >= size + least_free:
                descriptor = _with_room(os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=work), size)
            return NoRoom(size, least_free, _free(work), place.top) if descriptor is None else descriptor
    except OSError as error:
        return failed(error)


def clear_left(place: Place, wanted: Collection[UUID]) -> None:
    """Remove what was being made by somebody who is gone, but for what is wanted still. Raises OSError."""
    with suppress(FileNotFoundError), places.hidden(place, WORK) as work:
        for asset in places.assets(work):
            if asset not in wanted:
                with locked(work, asset) as free:
                    if free:
                        clear(work, asset)


def clear(work: int, asset: UUID) -> None:
    """Remove what is being made for an asset, if anything. work: a descriptor. Raises OSError."""
    with suppress(FileNotFoundError):
        with places.opened(str(asset), work) as own:
            for name in os.listdir(own):
                Spot(own, name).unlink()
        os.rmdir(str(asset), dir_fd=work)


def _reserved(own: int, size: int, least_free: int) -> int | None:
    """A descriptor; None where there is no room."""
    if _free(own) < size + least_free:
        return None
    descriptor = os.open(MADE, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=own)
    return _with_room(descriptor, size)


def _with_room(descriptor: int, size: int) -> int | None:
    """The same; closed, and None, where there is no room. Raises OSError."""
    try:
        kernel.syscall(_FALLOCATE[kernel.machine()], descriptor, _KEEP_SIZE, 0, size)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENOSYS, None):
            return descriptor
        os.close(descriptor)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return None
        raise
    return descriptor


def _free(folder: int | str) -> int:
    """Bytes, for whoever is not root."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def _must_be_able(own: int) -> None:
    """Raises Stop where no file could be replaced later, before hours are spent on it."""
    spots = [Spot(own, name) for name in _TRIED]
    for spot in spots:
        os.close(os.open(spot.name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600, dir_fd=own))
    try:
        exchange(*spots)
        spots[1].unlink()
        move(*spots)
    except OSError as error:
        raise Stop(Hindrance.PLACE, f"this file system can neither exchange nor link files: {error.strerror}") from None
    for spot in spots:
        spot.unlink()
    sync(own)
