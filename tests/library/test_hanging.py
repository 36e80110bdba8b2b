"""Plug-ins that never come back: their file, or their look, is refused, and all else goes on. Here they hang until a
file is there, so that no thread is left behind.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.ledger.database import fetch
from appliance.ledger.service import Claim
from appliance.library.deciding import decide
from appliance.library.finders import Broken, find
from appliance.library.fitting import hanging
from appliance.library.folders import FolderKeeping
from appliance.library.jobs import Job
from appliance.library.making import Making, NotNow
from appliance.library.outcomes import Found, Looked, Skip, Why
from appliance.library.scanning import Scanning
from appliance.library.workflow import read
from processors.sandbox.probe import probe as probe_layers
from tests.ledger.book import Book
from tests.library.films import OLD
from tests.library.installing import Packages
from tests.library.test_deciding import HOUR, holding
from tests.library.test_plugins import LISTED, PATIENT, SPARING, text
from tests.library.test_scanning import House, queued
from tests.processors.clips import clip

pytestmark = pytest.mark.timeout(60)  # without a bound in time most of these never end
SECONDS = 4  # so that a busy machine, which holds up everybody for a moment, is not taken for it
HANGS = "while not os.path.exists({go!r}):\n{indent}    time.sleep(0.02)\n{indent}"
WHILE = "hangs since an earlier call"


class Hanging(Packages):
    """Those of the template, one of which hangs."""

    @property
    def go(self) -> Path:
        return self.target / "go"

    def decider(self, where: str = "'other' in looked.found.path") -> None:
        """It hangs at a file that this is true of."""
        self._hangs("    named = next(", "    ", f"if {where}:\n        ", "Sparing, decide)")

    def finder(self) -> None:
        """It hangs once it has found the first."""
        found = "yield Found(os.path.join(source.folder, os.fsdecode(name)), 0, 0)"
        self._hangs(found, " " * 16, "", "Listed, find)", f"{found}\n{' ' * 16}")

    def encoder(self) -> None:
        self._hangs("    held = (", "    ", "", "(Codec.H265,), words)")

    def _hangs(self, before: str, indent: str, only: str, made: str, first: str = "") -> None:
        deeper = indent + "    " if only else indent
        loop = HANGS.format(go=str(self.go), indent=deeper).rstrip(" ")
        code = first + (indent if not first else "") + only + loop
        code += before if not first else f"{indent}pass"
        self.install(
            ("import os\n", "import os\nimport time\n"),
            (before, code),
            (made, made[:-1] + f", seconds={SECONDS})"),
        )

    def over(self) -> None:
        """What hangs comes back, and nothing hangs any more."""
        self.go.touch()
        limit = time.monotonic() + 20
        while self.out() and time.monotonic() < limit:
            time.sleep(0.02)
        assert not self.out()

    def out(self) -> int:
        """Threads whose calls have not come back."""
        return sum(one.name == "call" for one in threading.enumerate())


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    made = Hanging(tmp_path / "packages", monkeypatch)
    yield made
    made.over()
    monkeypatch.undo()
    made.forget()


@pytest.fixture
def films(tmp_path: Path) -> Path:
    top = tmp_path / "films"
    top.mkdir()
    data = clip("-c:v", "mpeg4", "-b:v", "3M", suffix="matroska")
    for name in ("a.mkv", "other.mkv", "z.mkv"):
        (top / name).write_bytes(data)
        os.utime(top / name, (OLD, OLD))
    (top / "films.txt").write_text("a.mkv\nz.mkv\n")
    return top


@asynccontextmanager
async def going_on() -> AsyncIterator[None]:
    """What a worker does beside it, as keeping its leases and saying that it lives, is never held up for long."""
    gaps = list[float]()

    async def beat() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    beating = asyncio.create_task(beat())
    yield
    beating.cancel()
    assert gaps
    assert max(gaps) < SECONDS * 0.9


async def problems() -> list[str | None]:
    return [row["problem"] for row in await fetch("SELECT problem FROM ledger.library_scans ORDER BY id")]


async def test_a_decider_that_hangs_refuses_its_file_and_ends_the_look(
    packages: Hanging, films: Path, book: Book
) -> None:
    packages.decider()
    house = House(book, Scanning(book.ledger, await probe_layers()))
    spared = read(text(str(films), rules=SPARING, limits={"at_once": 1}))
    async with going_on():
        await house.scan(spared)
        rows = await fetch("SELECT path, reason FROM ledger.library_files WHERE why IS NOT NULL")
        assert [(row["path"], row["reason"]) for row in rows] == [
            (b"other.mkv", f"the decider sparing has not come back within {SECONDS} s")
        ]
        assert "z.mkv" not in {row["path"].decode() for row in rows}
        probed = [(await house.scan(spared)).probed for _ in range(3)]
        assert (probed, packages.out()) == ([0, 0, 0], 1)
    told = await problems()
    assert all(one and one.startswith(f"the decider sparing {WHILE}") for one in told[1:]), told
    plain = await house.scan(read(text(str(films)).replace(b'"Films"', b'"Others"')))
    assert plain.wanted == 3
    await asyncio.to_thread(packages.over)
    await house.scan(spared)
    assert {"a.mkv", "z.mkv"} <= set(await queued())
    assert (await problems())[-1] is None


async def test_others_are_not_remembered_as_refused_where_one_hangs(packages: Hanging, films: Path, book: Book) -> None:
    packages.decider("True")
    house = House(book, Scanning(book.ledger, await probe_layers()))
    async with going_on():
        counts = await house.scan(read(text(str(films), rules=SPARING, limits={"at_once": 3})))
    assert counts.wanted == 0
    assert len(await fetch("SELECT FROM ledger.library_files")) == 1
    [told] = await problems()
    assert told is not None
    assert told.startswith(f"the decider sparing {WHILE}")


async def test_a_finder_that_hangs_ends_the_look_and_what_it_had_found_counts(
    packages: Hanging, films: Path, book: Book
) -> None:
    packages.finder()
    house = House(book, Scanning(book.ledger, await probe_layers()))
    listed = read(text(str(films), source=LISTED))
    async with going_on():
        assert (await house.scan(listed)).wanted == 1
        assert await problems() == [f"the finder listed has not come back within {SECONDS} s"]
        for _ in range(3):
            assert (await house.scan(listed)).seen == 1  # its folder, of which that is said
        assert packages.out() == 1
    [_, *later] = await problems()
    assert all(one and one.startswith(f"the finder listed {WHILE}") for one in later), later
    assert (await house.scan(read(text(str(films)).replace(b'"Films"', b'"Others"')))).wanted == 3


async def test_a_file_whose_turn_has_come_waits_where_one_hangs(packages: Hanging, films: Path) -> None:
    packages.decider("True")
    workflow = read(text(str(films), rules=SPARING))
    claim = Claim(
        id=uuid4(), lease=uuid4(), **{name: None for name in Claim.__struct_fields__ if name not in ("id", "lease")}
    )
    facts = (films / "a.mkv").stat()
    there = Found("", facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)
    job = Job(claim, 1, workflow, b"a.mkv", there.size, there.version, {})
    looked = Looked(HOUR, holding(()), there)
    with ExitStack() as stack:
        making = Making(job, FolderKeeping(workflow), await probe_layers(), lambda _: None, stack)
        first = decide(looked, workflow)
        assert isinstance(first, Skip)
        assert first.why is Why.PLUGIN
        with pytest.raises(NotNow, match=WHILE):
            await making.order(looked)
    assert (hanging(workflow) or "").startswith(f"the decider sparing {WHILE}")
    assert hanging(read(text(str(films)))) is None


def test_an_encoder_that_hangs_refuses_its_file(packages: Hanging) -> None:
    packages.encoder()
    workflow = read(text(target=PATIENT))
    looked = Looked(HOUR, holding(()), Found("/srv/films/a.mkv", HOUR.size, round(OLD * 1e9)))
    first, second = decide(looked, workflow), decide(looked, workflow)
    assert first == Skip(Why.PLUGIN, f"the encoder patient has not come back within {SECONDS} s")
    assert isinstance(second, Skip)
    assert (second.why, second.reason.startswith(f"the encoder patient {WHILE}")) == (Why.STUCK, True)


def test_what_would_end_the_process_refuses_the_file(packages: Hanging) -> None:
    packages.install(("    named = next(", "    raise SystemExit(3)\n    named = next("))
    skip = decide(Looked(HOUR, holding(()), Found("/a.mkv", HOUR.size, round(OLD * 1e9))), read(text(rules=SPARING)))
    assert skip == Skip(Why.PLUGIN, "the decider sparing failed: RuntimeError: SystemExit: 3")


def test_all_files_of_a_finder_come_in_its_order_before_it_fails(packages: Hanging, tmp_path: Path) -> None:
    names = [f"{number}.mkv" for number in range(450)]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "films.txt").write_text("\n".join(names))
    packages.install(("if name :=", "if line[:4] == b'449.':\n                raise KeyError\n            if name :="))
    *found, last = find(read(text(str(tmp_path), source=LISTED)).source)
    assert [Path(one.path).name for one in found] == names[:449]
    assert isinstance(last, Broken)
