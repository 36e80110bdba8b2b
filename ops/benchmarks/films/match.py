"""The rounds: the same files made anew in both ways, in turns, so that a busy machine disturbs both alike."""

import os
import resource
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.library.finding import find
from appliance.library.outcomes import Found
from appliance.library.workflow import Source
from ops.benchmarks.films import loop, ours
from ops.benchmarks.films.harm import Was, harms, was
from ops.benchmarks.films.steps import Steps
from processors.sandbox.layers import Protection
from processors.sandbox.spent import spent
from processors.video.codec import Codec

OURS, LOOP = "library", "loop"
LINES = 720
FOLDERS = 100


@dataclass
class Side:
    """One of the two. walls: seconds of each round; cpu: those of all cores together, which say more where the machine
    has other things to do; of ours the last tenth of a second of each program is missing.
    after: bytes of all files in the end. harmed: what, by file.
    """

    walls: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    after: int = 0
    harmed: dict[str, list[str]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)


@dataclass
class Match:
    """files: how many; before: their bytes; video: their seconds. steps: of our last round, and of their own runs."""

    files: int
    before: int
    video: float
    sides: dict[str, Side]
    steps: Steps

    @property
    def ratio(self) -> float:
        """Our seconds on the wall, of those of the loop in the same round: the median."""
        return _times(self.sides[OURS].walls, self.sides[LOOP].walls)

    @property
    def cpu_ratio(self) -> float:
        """The same of CPU seconds."""
        return _times(self.sides[OURS].cpu, self.sides[LOOP].cpu)

    def saved(self, name: str) -> int:
        """Bytes; below 0 where they have become more."""
        return self.before - self.sides[name].after


def _times(mine: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(mine, others, strict=True))


@dataclass(frozen=True)
class Terms:
    """What both have to keep to. at_once: files of the library that are under way at the same time; a loop has one.

    scratch: a folder for copies of all files, twice.
    """

    files: Sequence[Path]
    codec: Codec
    threads: int
    at_once: int
    rounds: int
    scratch: Path
    protection: Protection
    say: Callable[[str], None]


async def match(terms: Terms) -> Match:
    """All rounds. Raises OSError."""
    before = {}
    for path in terms.files:
        terms.say(f"looking at {path.name}")
        before[_stem(path, terms.files)] = await was(path, terms.protection)
    sides, steps = {OURS: Side(), LOOP: Side()}, Steps()
    for number in range(terms.rounds):
        for name in (OURS, LOOP) if number % 2 == 0 else (LOOP, OURS):
            terms.say(f"round {number + 1} of {terms.rounds}: {name}")
            folder = _copied(terms, name)
            made = await _ran(name, folder, terms, sides[name])
            steps = made or steps
            if number == terms.rounds - 1:
                terms.say(f"looking for harm done by the {name}")
                await _judged(folder, before, sides[name], terms.protection)
            shutil.rmtree(folder)
    video = sum((one.inventory.seconds or 0.0) for one in before.values() if one.inventory)
    return Match(len(before), sum(one.size for one in before.values()), video, sides, steps)


async def _ran(name: str, folder: Path, terms: Terms, side: Side) -> Steps | None:
    """The steps, where these are ours."""
    flow = ours.workflow(folder, terms.codec, terms.threads, terms.at_once)
    if name == LOOP:
        began = _children()
        side.walls.append(loop.run(folder, terms.codec, terms.threads, flow.target.bit_rate(LINES)))
        side.cpu.append(_children() - began)
        return None
    began = spent() + time.process_time()
    made = await ours.run(flow, terms.at_once, terms.protection)
    side.cpu.append(spent() + time.process_time() - began)
    side.walls.append(made.wall)
    side.outcomes = made.outcomes
    ours.deciding(made.looked, flow, made.steps)
    return made.steps


def _children() -> float:
    """CPU seconds of all that this process has run and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stem(path: Path, files: Sequence[Path]) -> str:
    """Of the copies: each file is found again by it, whatever its extension is by then."""
    return f"{files.index(path):04d}-{path.stem}"


def _copied(terms: Terms, name: str) -> Path:
    folder = terms.scratch / name
    folder.mkdir()
    for path in terms.files:
        shutil.copy2(path, folder / (_stem(path, terms.files) + path.suffix))
    os.sync()  # what is still to be written of the copies is not the business of who comes first
    return folder


async def _judged(folder: Path, before: dict[str, Was], side: Side, protection: Protection) -> None:
    there = _there(folder)
    side.after = sum(path.stat().st_size for path in there.values())
    for stem, one in before.items():
        if found := await harms(one, there.get(stem), protection):
            side.harmed[stem] = found


def _there(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.iterdir() if path.is_file()}


def found(tree: Path, count: int, steps: Steps) -> None:
    """Has so many empty files found, in a hundred folders that are made for it."""
    for number in range(count):
        folder = tree / str(number % FOLDERS)
        if number < FOLDERS:
            folder.mkdir(parents=True)
        (folder / f"{number}.mkv").touch()
    with steps.timed("found", count):
        seen = sum(1 for _ in find(Source(folder=str(tree))))
    if seen != count:
        raise RuntimeError(f"{seen} of {count} files were found")


def videos(folder: Path) -> list[Path]:
    """The files of a folder and of all below that a library would look at. Raises OSError."""
    return sorted(Path(one.path) for one in find(Source(folder=str(folder))) if isinstance(one, Found))
