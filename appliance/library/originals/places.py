"""Where the working files of a library lie: in one hidden folder, on the file system of the videos themselves.

    {top}/.darkroom/work/{asset}/made            what is being made
    {top}/.darkroom/kept/{asset}/original        what it has replaced, and beside it a record (records.py)

`top` is the folder of the workflow, or the top of what is mounted below it: names can only be exchanged within one file
system. No name in there has an extension, so that no player or other library takes the originals for films.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from uuid import UUID

from appliance.library.originals import mounts
from appliance.library.originals.hindrances import Hindrance, NotDone, failed
from appliance.library.originals.spots import sync

HIDDEN, WORK, KEPT = ".darkroom", "work", "kept"
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Place(NamedTuple):
    """top: a real path, no part of which is a link."""

    top: str

    def inside(self, path: str) -> bytes:
        """A file's path from the top on. Raises ValueError where the file lies elsewhere, and OSError."""
        folder, name = os.path.split(path)
        real = os.path.realpath(folder, strict=True)
        if not _below(self.top, real):
            raise ValueError(f"it does not lie in {self.top}")
        return os.fsencode(os.path.normpath(os.path.join(os.path.relpath(real, self.top), name)))


def place_of(folder: str, path: str) -> Place | NotDone:
    """Where the working files for a file lie that was found by this path in this folder. Nothing is made there.

    No place where the file could not be replaced in the end.
    """
    try:
        here = os.path.realpath(os.path.dirname(path), strict=True)
        own, highest = mounts.where(here), _highest(folder, os.path.dirname(path))
        while here != highest and mounts.where(os.path.dirname(here)) == own:
            here = os.path.dirname(here)
    except OSError as error:
        return failed(error)
    if not os.access(os.path.dirname(path), os.W_OK | os.X_OK, effective_ids=True):
        return NotDone(Hindrance.PLACE, "nothing may be written to its folder")
    return Place(here)


def places(folder: str) -> list[Place]:
    """All that hold anything by now: of the folder itself, and of what is mounted below it. Raises OSError.

    Folders outside that links lead to are not among them.
    """
    top = os.path.realpath(folder)
    tops = {top} | {mount.place for mount in mounts.mounts() if _below(top, mount.place)}
    return [Place(one) for one in sorted(tops) if os.path.isdir(os.path.join(one, HIDDEN))]


def keeps(place: Place, asset: UUID) -> bool:
    """Whether the folder of an asset's original is there."""
    return os.path.isdir(os.path.join(place.top, HIDDEN, KEPT, str(asset)))


def prepare(place: Place) -> NotDone | None:
    """Make the hidden folder where there is none; None where it can be used."""
    try:
        with opened(place.top) as top, opened(HIDDEN, top, make=True) as own:
            _must_be_ours(own)
            for name in (WORK, KEPT):
                with opened(name, own, make=True):
                    pass
    except OSError as error:
        said = error.strerror or type(error).__name__
        return NotDone(Hindrance.PLACE, f"the folder {HIDDEN} can't be used in {place.top}: {said}")
    return None


@contextmanager
def opened(path: str, at: int | None = None, *, make: bool = False) -> Iterator[int]:
    """A descriptor of a folder, itself no link. make: it is there for good before anything is put in it.

    Raises OSError.
    """
    if make and at is not None:
        with suppress(FileExistsError):
            os.mkdir(path, 0o700, dir_fd=at)
            sync(at)
    descriptor = os.open(path, FOLDER, dir_fd=at)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def hidden(place: Place, name: str) -> Iterator[int]:
    """A descriptor of WORK or KEPT of a place that has been prepared. Raises OSError."""
    with opened(place.top) as top, opened(HIDDEN, top) as own:
        _must_be_ours(own)
        with opened(name, own) as folder:
            yield folder


@contextmanager
def parent(place: Place, inside: bytes) -> Iterator[int]:
    """A descriptor of the folder of a file. No link is followed, one that was put there meanwhile: raises OSError."""
    here = os.open(place.top, FOLDER)
    try:
        for name in inside.split(b"/")[:-1]:
            below = os.open(name, FOLDER, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def assets(folder: int) -> list[UUID]:
    """Whose folders lie in WORK or KEPT. Raises OSError."""
    found = []
    for name in os.listdir(folder):
        with suppress(ValueError):
            found.append(UUID(name))
    return sorted(found)


def _must_be_ours(own: int) -> None:
    """Raises PermissionError where others could write records, by which files are moved and removed."""
    facts = os.fstat(own)
    if facts.st_uid != os.geteuid() or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(errno.EPERM, "others can write to it")


def _highest(folder: str, inside: str) -> str:
    """Up to where the working files may lie: where a link leads out of the folder, the one that it leads to."""
    top = os.path.realpath(folder)
    if _below(top, os.path.realpath(inside)):
        return top
    while not os.path.islink(inside) and len(inside) > 1:
        inside = os.path.dirname(inside)
    return os.path.realpath(inside)


def _below(top: str, path: str) -> bool:
    return os.path.commonpath((top, path)) == top
