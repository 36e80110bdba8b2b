"""What the work on a library asks of the place that its files are in, be it a folder or a bucket: one protocol, so that
the work itself is one list of steps.

All but `look` block, and are called in threads. What can't be done is told by values; OSError is raised where the place
itself gives no answer.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from appliance.library.finding import Entry
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import NoRoom, NotDone
from appliance.library.originals.scratch import Scratch
from appliance.library.outcomes import Found, Looked, Skip, Unreadable
from processors.sandbox.layers import Protection


class Now(NamedTuple):
    """A file as it is from now on. path: below the library's folder, or behind its prefix."""

    path: bytes
    size: int
    version: str


class Opened(NamedTuple):
    """A file that is worked on. descriptor: of it, or of a copy; sha256: in hex; mark: by which the place knows it;
    found: what the place says of it.
    """

    descriptor: int
    sha256: str
    mark: Any
    found: Found


class Wish(NamedTuple):
    """How a file is replaced. name: of what takes its place, where that is another one; until: when the original may
    be removed.
    """

    at: datetime
    until: datetime
    name: str | None


class Taken(NamedTuple):
    """What has taken a file's place. sha256: in hex, of it and of the original; lost: what of the original's facts it
    could not be given, for people.
    """

    now: Now
    sha256: str
    original: str
    until: datetime
    lost: tuple[str, ...] = ()


class Brought(NamedTuple):
    """An original that is back. aside: what the file that was there instead is called now, if anything."""

    now: Now
    aside: str | None


class Keeping(Protocol):
    """Of one library. where: for people; ours: whether its bytes lie in this appliance's own storage."""

    where: str
    ours: bool

    def find(self) -> Iterator[Entry]:
        """What is there. Raises OSError at once where the place itself can't be read."""

    def inside(self, found: Found) -> bytes:
        """Its path below the library's."""

    async def look(self, found: Found, protection: Protection) -> Looked | Skip | Unreadable:
        """What a file says of itself."""

    def forbidden(self) -> str | None:
        """Why nothing may be written there, with what would let us, for people."""

    def open(self, path: bytes, version: str, stack: ExitStack) -> Opened | NotDone | NoRoom:
        """The file as it was decided about. stack: closes it."""

    def room(self, path: bytes, asset: UUID, size: int) -> Scratch | NotDone | NoRoom:
        """For a result of so many bytes."""

    def resume(self, path: bytes, asset: UUID, made: tuple[int, str]) -> Scratch | None:
        """What an earlier attempt has made, of this size and SHA-256."""

    def replace(self, opened: Opened, scratch: Scratch, wish: Wish) -> Taken | NotDone:
        """What was made takes the place of the file, which is kept; or all is as it was."""

    def settled(self, path: bytes, asset: UUID) -> Taken | NotDone | None:
        """What was broken off is brought to its end; what has taken the file's place then, if anything."""

    def recover(self, wanted: Collection[UUID]) -> Sequence[Any]:
        """The same of all; and what was made for nobody is removed, but for the assets that are wanted."""

    def clear_left(self, wanted: Collection[UUID]) -> None:
        """Only the latter."""

    def expire(self, now: datetime) -> Iterator[Expired | NotDone]:
        """Originals whose time is over are removed one by one, where what took their place is whole."""

    def release(self, path: bytes, asset: UUID) -> Expired | NotDone:
        """An original goes whatever its time, only where what took its place is another one by now or gone."""

    def keeps(self, path: bytes, asset: UUID) -> bool:
        """Whether the original of an asset surely lies here."""

    def let_go(self, path: bytes, asset: UUID) -> bool:
        """Whether the original of an asset is surely not kept any more."""

    def as_it_was(self, path: bytes, sha256: str) -> Now | None:
        """The file of this path, where it is the one of this SHA-256."""

    def undo(self, path: bytes, asset: UUID) -> Brought | NotDone:
        """An original gets its place back."""
