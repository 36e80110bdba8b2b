"""A zip written as it is read: memory for one piece of one member, whatever they hold (APPNOTE.TXT 6.3.10, PKWARE)."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

MODE = 0o644 << 16  # of a file, for those who unpack it where that counts


class Member(NamedTuple):
    """One file: its name in the zip, its size in bytes, whether it can be deflated, and its bytes, read when it is its
    turn.
    """

    name: str
    size: int
    deflated: bool
    pieces: Callable[[], Iterator[bytes]]


class _Outlet(io.RawIOBase):
    """What zipfile writes into, which can't be sought in: so it puts sizes and checksums behind the bytes."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        written, self._written = self._written, []
        return b"".join(written)


def archive(members: Iterable[Member], at: datetime) -> Iterator[bytes]:
    """The zip of these members, piece by piece, each dated `at`: equal ones give equal bytes."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w") as packed:
        for member in members:
            with packed.open(_info(member, at), "w") as file:
                for piece in member.pieces():
                    file.write(piece)
                    yield outlet.taken()
    yield outlet.taken()


def _info(member: Member, at: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(member.name, at.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED if member.deflated else zipfile.ZIP_STORED
    info.external_attr = MODE
    info.file_size = member.size  # by which it is decided whether 32 bits will do
    return info
