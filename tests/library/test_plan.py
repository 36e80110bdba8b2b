"""A plan as it is typed, for a folder of real clips; and what becomes of files that can't be looked at."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.library.finding import AT_ONCE
from appliance.library.outcomes import Found, Skip, Unreadable, Why
from appliance.library.planning import Queue
from appliance.library.probing import look
from processors.sandbox.probe import probe as probe_layers
from tests.library.films import OLD, STRANGE, made
from tests.library.test_finding import ordinary
from tests.processors.clips import claiming, clip
from tests.stack import CHECKOUT, environment

WITHIN = ("60", "604800")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("library") / "films")


def workflow(library: Path, **different: Any) -> Path:
    """Beside the library, so that it is none of its files."""
    made = {
        "name": "Films",
        "source": {"folder": str(library)},
        "target": {"codec": "h265", "bit_rates": {"2160": "400k"}},
        **different,
    }
    path = library.parent / f"{hashlib.sha256(repr(made).encode()).hexdigest()[:8]}.json"
    path.write_text(json.dumps(made))
    return path


def ops(*arguments: str | Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    words = [str(CHECKOUT / "ops/library"), *map(str, arguments)]
    return subprocess.run(words, env=environment() | variables, capture_output=True, text=True, timeout=120)


def looks(top: Path) -> Iterator[tuple[bytes, int, int, str]]:
    """All that a program could have changed below a folder."""
    for folder, _, names in os.walk(os.fsencode(top)):
        for name in (b".", *names):
            path = os.path.join(folder, name)
            facts = os.stat(path)
            data = b"" if name == b"." else Path(os.fsdecode(path)).read_bytes()
            yield path, facts.st_mtime_ns, facts.st_mode, hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def told(library: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The plan for a script, made once; whatever folder is written to is watched."""
    scratch, before = tmp_path_factory.mktemp("scratch"), sorted(looks(library))
    done = ops("plan", workflow(library), "--json", TMPDIR=str(scratch))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert sorted(looks(library)) == before
    assert list(scratch.iterdir()) == []
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_the_best_for_the_work_comes_first(told: dict[str, Any], library: Path) -> None:
    names = [str(Path(one["path"]).relative_to(library)) for one in told["transcode"]]
    assert names == ["series/h264.mp4", "old.MPG"]
    rates = [one["saving_bytes_per_cpu_hour"] for one in told["transcode"]]
    assert rates == sorted(rates, reverse=True)
    first = told["transcode"][0]
    assert (first["codec"], first["container"], first["width"], first["height"]) == ("h265", "mp4", 320, 180)
    assert first["before_bytes"] == (library / "series/h264.mp4").stat().st_size
    assert first["after_bytes"] == pytest.approx(400_000 / 8 * 3, rel=0.02)
    assert "it is h264" in first["reason"]


def test_every_file_that_stays_says_why(told: dict[str, Any]) -> None:
    why = {Path(one["path"]).name: one["why"] for one in told["skip"] if "path_base64" not in one}
    assert why == {
        "made.mkv": "codec",
        "hdr.mkv": "codec",
        "small.mp4": "saving",
        "broken.mkv": "refused",
        "empty.avi": "empty",
        "coming.mkv": "unsettled",
    }
    assert all(one["reason"] for one in told["skip"])
    assert told["skips"] == {"codec": 2, "refused": 2, "saving": 1, "empty": 1, "unsettled": 1}
    assert told["seen"] == 9


def test_a_name_that_is_no_text_is_told_whole(told: dict[str, Any]) -> None:
    (name,) = (base64.b64decode(one["path_base64"]) for one in told["skip"] if "path_base64" in one)
    assert os.path.basename(name) == STRANGE


def test_the_table_for_people(library: Path) -> None:
    done = ops("plan", workflow(library, rules={"least_saving": 5}), "--most", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Films: 2 of 9 would become h265, which saves ")
    assert "This is a plan: nothing has been changed" in done.stdout
    assert "series/h264.mp4" in done.stdout
    assert "old.MPG" not in done.stdout  # only the best was asked for, and the total counts both
    assert "… and 1 more" in done.stdout
    assert "… and 6 more" in done.stdout
    assert "\x1b" not in done.stdout


def test_what_could_not_be_read_is_told_and_the_exit_says_so(tmp_path: Path) -> None:
    deep = tmp_path.joinpath("films", *["d"] * 210)
    deep.mkdir(parents=True)
    done = ops("plan", workflow(tmp_path / "films"))
    assert done.returncode == 3, done.stderr
    assert "Could not be read: 1" in done.stdout
    assert "folders deep" in done.stdout


def test_what_no_worker_would_end_in_its_time_is_not_planned(tmp_path: Path) -> None:
    film = clip("-c:v", "mpeg4", "-b:v", "9M", pattern="testsrc2=size=1280x720:rate=30:duration=2", suffix="matroska")
    (tmp_path / "films").mkdir()
    (tmp_path / "films/long.mkv").write_bytes(claiming(film, 120))
    os.utime(tmp_path / "films/long.mkv", (OLD, OLD))
    given = workflow(tmp_path / "films", target={"codec": "h265", "bit_rates": {"2160": "100k"}})
    short, enough = (json.loads(ops("plan", given, "--json", DARKROOM_LIBRARY_SECONDS=each).stdout) for each in WITHIN)
    assert (short["skips"], short["transcodes"]) == ({"too_long": 1}, 0)
    assert "hours" in short["skip"][0]["reason"]
    assert (enough["skips"], enough["transcodes"]) == ({}, 1)


def test_a_workflow_that_is_none_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    wrong = ops("plan", workflow(tmp_path / "films", rules={"codec": ["h264"]}))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "rules: Object contains unknown field `codec`" in wrong.stderr
    missing = ops("plan", workflow(tmp_path / "films"))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "films can't be read: No such file or directory" in missing.stderr
    assert ops("plan", tmp_path / "none.json").returncode == 2
    assert ops("plan").returncode == 2


def test_help_and_schema() -> None:
    said = ops("plan", "--help")
    assert said.returncode == 0
    assert "Exit codes: 0 planned;" in said.stdout
    schema = json.loads(ops("schema").stdout)
    assert schema["$defs"]["Workflow"]["additionalProperties"] is False


async def test_files_are_found_some_at_a_time_and_each_is_taken_once() -> None:
    """To go to a thread for each took four times as long as all the rest of a plan of empty files."""
    came: list[int] = []

    def entries() -> Iterator[Found]:
        for number in range(1000):
            came.append(number)
            yield Found(str(number), 1, 0)

    queue, taken = Queue(entries()), list[str]()
    assert await queue.following()
    assert len(came) == AT_ONCE

    async def taker() -> None:
        while (one := await queue.following()) is not None:
            taken.append(one.path)
            await asyncio.sleep(0)

    await asyncio.gather(*(taker() for _ in range(4)))
    assert sorted(taken, key=int) == [str(number) for number in range(1, 1000)]


async def test_a_file_that_changes_while_it_is_looked_at_is_left_alone(library: Path) -> None:
    path = library / "series/h264.mp4"
    facts = path.stat()
    skip = await look(Found(str(path), facts.st_size, facts.st_mtime_ns - 1), await probe_layers())
    assert isinstance(skip, Skip)
    assert skip.why is Why.UNSETTLED


async def test_a_link_or_a_pipe_in_the_place_of_what_was_found_is_not_read(tmp_path: Path, library: Path) -> None:
    doors = await probe_layers()
    (tmp_path / "link.mkv").symlink_to(library / "series/h264.mp4")
    os.mkfifo(tmp_path / "pipe.mkv")
    link = await look(Found(str(tmp_path / "link.mkv"), 1, 1), doors)
    pipe = await asyncio.wait_for(look(Found(str(tmp_path / "pipe.mkv"), 1, 1), doors), 5)
    assert isinstance(link, Unreadable)
    assert isinstance(pipe, Skip)
    assert pipe.why is Why.SPECIAL


async def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed.mkv"
    closed.write_bytes(b"x")
    closed.chmod(0)
    doors = await probe_layers()
    with ordinary():
        outcome = await look(Found(str(closed), 1, 1), doors)
    assert outcome == Unreadable(str(closed), "Permission denied")


def test_a_probe_that_fails_is_told_and_does_no_harm(library: Path) -> None:
    """Where the system refuses a wall that is asked for, the program that looks does not start."""
    code = f"""
import asyncio
from appliance.library.outcomes import Found
from appliance.library.planning import Queue
from appliance.library.probing import look
from processors.sandbox.layers import Layer, Protection
found = Found({str(library / "series/h264.mp4")!r}, 1, 1)
print(asyncio.run(look(found, Protection(frozenset({{Layer.FILTER, Layer.LANDLOCK}})))))
"""
    words = [sys.executable, "-m", "tests.processors.restricted", sys.executable, "-c", code]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "PROBE_FAILED" in done.stdout
