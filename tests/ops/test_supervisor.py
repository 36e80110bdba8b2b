"""The supervisor on small real processes: order, restarts, a failed start, a clean end."""

import asyncio
import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from ops import health, process, supervisor
from ops.folder import DataFolder
from ops.inventory import Part
from ops.logs import Log
from ops.supervisor import StartFailed, State, Supervisor
from tests.ops.processes import alive

pytestmark = pytest.mark.pure


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    made = DataFolder(tmp_path)
    made.make()
    return made


def part(folder: DataFolder, name: str, script: str = "sleep 60", **more) -> Part:
    """A shell script as a part; it is well once it has written its name into the file of that name."""
    here = folder.path / name

    async def check(pid: int) -> None:
        if not here.exists():
            raise health.Unwell("not there yet")

    trap = f'trap "echo end {name} >> order; exit 0" TERM'
    argv = ["/bin/sh", "-c", f"{trap}\necho start {name} >> order\n{script} & wait"]
    return Part(name=name, role="test", argv=argv, env=dict(os.environ), health=check, **more)


def supervise(folder: DataFolder, *parts: Part) -> Supervisor:
    return Supervisor(parts, folder, lambda name: Log(folder.logs, name), lambda: None)


async def until(condition, seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come"
        await asyncio.sleep(0.02)


def order(folder: DataFolder) -> list[str]:
    path = folder.path / "order"
    return path.read_text().splitlines() if path.exists() else []


async def test_starts_by_health_and_ends_in_reverse(folder):
    supervisor = supervise(folder, part(folder, "one"), part(folder, "two", after=("one",)))
    ready = asyncio.Event()
    run = asyncio.create_task(supervisor.run(ready.set))
    await until(lambda: order(folder) == ["start one"])
    await asyncio.sleep(0.3)
    assert order(folder) == ["start one"], "two must wait until one is well"
    (folder.path / "one").touch()
    await until(lambda: "start two" in order(folder))
    assert not ready.is_set()
    (folder.path / "two").touch()
    await asyncio.wait_for(ready.wait(), 10)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(run, 10)
    assert order(folder) == ["start one", "start two", "end two", "end one"]


async def test_what_dies_comes_back_and_leaves_nothing_behind(folder):
    (folder.path / "one").touch()
    supervisor = supervise(folder, part(folder, "one", "sleep 61 & sleep 62"))
    run = asyncio.create_task(supervisor.run(lambda: None))
    one = supervisor.running["one"]
    await until(lambda: one.state is State.RUNNING)
    first = one.child.pid
    children = psutil.Process(first).children(recursive=True)
    os.kill(first, signal.SIGKILL)
    await until(lambda: one.state is State.RUNNING and one.child.pid != first)
    assert one.restarts == 1
    assert not [child for child in children if alive(child)]
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait_for(run, 10)


async def test_a_part_that_can_not_start_is_named_with_its_last_words(folder):
    supervisor = supervise(folder, part(folder, "one", "echo the disk is on fire; exit 7"))
    with pytest.raises(StartFailed) as failed:
        await asyncio.wait_for(supervisor.run(lambda: None), 30)
    assert failed.value.part == "one"
    assert "the disk is on fire" in failed.value.last_lines


async def test_a_part_that_never_is_well_is_named_with_its_answer(folder):
    supervisor = supervise(folder, part(folder, "one", patience=0.5))
    with pytest.raises(StartFailed, match="not there yet"):
        await asyncio.wait_for(supervisor.run(lambda: None), 30)
    assert "end one" in order(folder)


async def test_a_missing_program_is_named(folder):
    broken = Part(name="one", role="test", argv=["/no/such/program"], env={}, health=health.nothing)
    with pytest.raises(StartFailed, match="No such file"):
        await asyncio.wait_for(supervise(folder, broken).run(lambda: None), 30)


async def test_once_means_once(folder):
    once = Part("one", "setup", ["/bin/sh", "-c", "echo start one >> order"], {}, health.nothing, once=True)
    (folder.path / "two").touch()
    supervisor = supervise(folder, once, part(folder, "two", after=("one",)))
    run = asyncio.create_task(supervisor.run(lambda: None))
    await until(lambda: supervisor.running["two"].state is State.RUNNING)
    assert order(folder) == ["start one", "start two"]
    assert supervisor.running["one"].state is State.FINISHED
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(run, 10)


async def test_children_end_with_a_supervisor_that_is_killed(folder):
    program = f"""
import asyncio, pathlib
from tests.ops.test_supervisor import part, supervise
from ops.folder import DataFolder
folder = DataFolder(pathlib.Path({str(folder.path)!r}))
(folder.path / "one").touch()
async def main():
    await supervise(folder, part(folder, "one")).run(lambda: print("ready", flush=True))
asyncio.run(main())
"""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program]
    other = await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE)
    assert await asyncio.wait_for(other.stdout.readline(), 20) == b"ready\n"
    await until(lambda: order(folder) == ["start one"])
    other.kill()
    await other.wait()
    await until(lambda: "end one" in order(folder), 5)


async def test_a_start_that_is_under_way_when_all_is_told_to_end_leaves_nothing(folder, monkeypatch):
    """The process is there and the supervisor does not have it in hand yet: for a moment in every start."""
    real, made = process.start, []

    async def slow(*given, **more) -> process.Child:
        made.append(await real(*given, **more))
        await until(lambda: order(folder) == ["start one"])
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.3)
        return made[0]

    monkeypatch.setattr(process, "start", slow)
    await asyncio.wait_for(supervise(folder, part(folder, "one")).run(lambda: None), 20)
    assert made[0].process.returncode is not None
    assert order(folder) == ["start one", "end one"]


async def test_what_dies_again_and_again_is_started_at_ever_longer_intervals(folder, monkeypatch):
    monkeypatch.setattr(supervisor, "SHORTEST_PAUSE", 0.05)
    monkeypatch.setattr(supervisor, "ATTEMPTS", 5)
    with pytest.raises(StartFailed):
        await asyncio.wait_for(
            supervise(folder, part(folder, "one", "date +%s.%N >> times; exit 1")).run(lambda: None), 30
        )
    times = [float(line) for line in (folder.path / "times").read_text().split()]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) == 4
    assert all(gap >= least for gap, least in zip(gaps, (0.1, 0.2, 0.4, 0.8), strict=True)), gaps
