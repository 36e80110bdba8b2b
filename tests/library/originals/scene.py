"""A film in a folder, and what was made of it; processes that die at a given moment."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from appliance.library.originals import recovering
from appliance.library.originals.beginning import Order
from appliance.library.originals.hindrances import NotDone
from appliance.library.originals.identity import Original, look
from appliance.library.originals.places import HIDDEN, Place, place_of
from appliance.library.originals.recovering import Recovered
from appliance.library.originals.replacing import Replaced, replace
from appliance.library.originals.scratch import Scratch, reserve
from appliance.library.originals.undoing import Undone, undo

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = NOW + timedelta(days=14)
OLD, NEW, OTHER = b"the original " * 9000, b"made anew " * 5000, b"somebody else's " * 100
WRITTEN = 1_700_000_000_123_456_789
NOBODY = 65534


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Scene:
    """folder: of the library. name: what the new file is called, where that is another name."""

    folder: Path
    film: Path
    name: str | None = None
    asset: UUID = field(default_factory=uuid4)

    @property
    def new(self) -> Path:
        return self.film if self.name is None else self.film.with_name(self.name)

    @property
    def place(self) -> Place:
        place = place_of(str(self.folder), str(self.film))
        assert isinstance(place, Place), place
        return place

    @property
    def hidden(self) -> Path:
        return self.folder / HIDDEN

    @property
    def kept(self) -> Path:
        return self.hidden / "kept" / str(self.asset)

    @property
    def work(self) -> Path:
        return self.hidden / "work" / str(self.asset)

    def shoot(self) -> "Scene":
        """The film is there, and was written a while ago."""
        self.film.parent.mkdir(parents=True, exist_ok=True)
        self.film.write_bytes(OLD)
        self.film.chmod(0o640)
        os.utime(self.film, ns=(WRITTEN, WRITTEN))
        return self

    def look(self) -> Original:
        original = look(str(self.film))
        assert isinstance(original, Original), original
        return original

    @contextmanager
    def making(self, data: bytes = NEW) -> Iterator[Scratch]:
        """The new one is made."""
        scratch = reserve(self.place, self.asset, len(OLD), 0)
        assert isinstance(scratch, Scratch), scratch
        with scratch:
            os.write(scratch.descriptor, data)
            scratch.trim()
            yield scratch

    def order(self, original: Original | None = None) -> Order:
        return Order(original or self.look(), NOW, UNTIL, self.name)

    def replace(self, meanwhile: Callable[[], object] = lambda: None, **more: Any) -> Replaced | NotDone:
        """meanwhile: happens after it was read and before it is replaced."""
        with self.making() as scratch:
            order = self.order()
            meanwhile()
            return replace(scratch, order, **more)

    def replaced(self) -> "Scene":
        done = self.replace()
        assert isinstance(done, Replaced), done
        return self

    def undo(self, **more: Any) -> Undone | NotDone:
        return undo(self.place, self.asset, **more)

    def recover(self, *wanted: UUID) -> list[Recovered | NotDone]:
        return list(recovering.recover(Place(str(self.folder)), wanted))

    def is_whole(self) -> bool:
        """One of the two is there under its name, and neither is there in parts."""
        files = [path.read_bytes() for path in {self.film, self.new} if path.exists()]
        return bool(files) and all(data in (OLD, NEW) for data in files)

    def must_be_old(self) -> None:
        """As if nothing had ever been begun: its bytes, its facts, and nothing beside it."""
        facts = self.film.stat()
        assert self.film.read_bytes() == OLD
        assert (facts.st_mtime_ns, facts.st_mode & 0o7777, facts.st_nlink) == (WRITTEN, 0o640, 1)
        assert self.film == self.new or not self.new.exists()
        assert not self.kept.exists()

    def must_be_new(self) -> None:
        """Replaced, and it can be undone."""
        assert self.new.read_bytes() == NEW
        assert self.film == self.new or not self.film.exists()
        assert sorted(path.name for path in self.kept.iterdir()) == ["original", "replaced"]
        assert (self.kept / "original").read_bytes() == OLD

    def must_be_either(self) -> None:
        self.must_be_new() if self.kept.exists() else self.must_be_old()


def dying(work: Callable[[], object]) -> int:
    """The exit status of a process that does this; 0 where it came to its end, 99 where that was an error."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            work()
            status = 0
        except BaseException as error:
            sys.__stderr__.write(f"{error!r}\n")
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_after(number: int) -> Callable[[str], None]:
    """For `done`: the process ends after so many steps."""
    steps = iter(range(1, number + 1))

    def done(step: str) -> None:
        if next(steps) == number:
            os._exit(1)

    return done


def die_before(number: int) -> None:
    """This process ends before it changes something on the disk for the so many-th time, by Python's own calls."""
    left = [number]
    changing = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "os.chown", "os.utime"}

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in changing or (event == "open" and arguments[2] and arguments[2] & os.O_CREAT):
            left[0] -= 1
            if left[0] == 0:
                os._exit(1)

    sys.addaudithook(hear)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root becomes one whom modes bind, for so long."""
    root = os.geteuid() == 0
    if root:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)
