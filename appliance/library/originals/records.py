"""What is written beside a kept original, so that it can be brought back from the disk alone.

How far things have got is the record's name, not its content: a rename takes no room, so that it also works on a full
disk, and is done or not done after a power loss.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from appliance.library.originals.spots import Spot, sync

ORIGINAL, MADE = "original", "made"
_DRAFT = "draft"
_LARGEST = 1 << 20


class State(StrEnum):
    """REPLACING, UNDOING: under way, or broken off (recovering.py)."""

    REPLACING = "replacing"
    REPLACED = "replaced"
    UNDOING = "undoing"


class Damaged(Exception):
    """It is no record."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """size, allocated: bytes, the latter as the file system counts them; sha256: in hex."""

    size: int
    allocated: int
    sha256: str

    @property
    def known(self) -> tuple[int, str]:
        """As `identity.holds` asks for it."""
        return self.size, self.sha256


class Facts(Content, frozen=True, kw_only=True):
    """mtime_ns: since 1970."""

    mtime_ns: int
    mode: int
    uid: int
    gid: int


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """path: where the original was, from the top of the place on, and name: of what took its place, in the same folder;
    both are bytes, in base64. until: when it may be removed.
    """

    asset: UUID
    path: bytes
    name: bytes
    original: Facts
    made: Content
    at: datetime
    until: datetime

    def __post_init__(self) -> None:
        parts = self.path.split(b"/")
        if not {b"", b".", b".."}.isdisjoint((*parts, self.name)) or b"/" in self.name:
            raise ValueError("a path that leads out of its folder")

    @property
    def shown(self) -> str:
        """The path of the original, from the top of the place on."""
        return os.fsdecode(self.path)

    @property
    def old(self) -> str:
        """The name of the original."""
        return os.fsdecode(self.path.split(b"/")[-1])

    @property
    def new(self) -> str:
        """The name of what took its place."""
        return os.fsdecode(self.name)


def write(folder: int, record: Record) -> None:
    """As one that says REPLACING, there for good. folder: a descriptor of the asset's own. Raises OSError."""
    Spot(folder, _DRAFT).unlink()
    descriptor = os.open(_DRAFT, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        file.flush()
        os.fsync(descriptor)
    os.rename(_DRAFT, State.REPLACING, src_dir_fd=folder, dst_dir_fd=folder)
    sync(folder)


def read(folder: int) -> tuple[State, Record]:
    """Raises FileNotFoundError where there is none, Damaged, and OSError."""
    for state in State:
        with suppress(FileNotFoundError), open(Spot(folder, state).open(), "rb") as file:
            try:
                return state, msgspec.json.decode(file.read(_LARGEST), type=Record)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Damaged(str(error)) from error
    raise FileNotFoundError("no record")


def turn(folder: int, before: State, after: State) -> None:
    """Raises OSError."""
    os.rename(before, after, src_dir_fd=folder, dst_dir_fd=folder)


def forget(kept: int, asset: UUID) -> None:
    """Remove an asset's folder, which holds nothing any more but the record. Raises OSError."""
    folder = os.open(str(asset), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=kept)
    try:
        for name in (_DRAFT, *State):
            Spot(folder, name).unlink()
    finally:
        os.close(folder)
    os.rmdir(str(asset), dir_fd=kept)
    sync(kept)


def files(folder: int) -> Iterator[Spot]:
    """All in an asset's folder but the record. Raises OSError."""
    for name in sorted(os.listdir(folder)):
        if name not in {_DRAFT, *State}:
            yield Spot(folder, name)
