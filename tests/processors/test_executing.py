"""A program of the sandbox with large files on both sides, listened to, and ended with everything it started."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.sandbox.bounds import Bounds
from processors.sandbox.executing import Output, execute
from processors.sandbox.hearing import CHUNK_BYTES, Hearing
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.memory import tree
from processors.sandbox.room import set_aside
from processors.sandbox.spent import counted, spent
from processors.sandbox.streams import Streams
from tests.processors.test_videos import FFMPEG, SECOND

MIB = 1 << 20
BEHIND = [Protection(frozenset({Layer.FILTER, layer})) for layer in SECOND]


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Descriptors of a source of 300 MiB, mostly hole, that only its owner may read, and of a target."""
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        file.write(b"begin")
        file.seek(300 * MIB - 3)
        file.write(b"end")
    source.chmod(0o600)
    given = os.open(source, os.O_RDONLY)
    made = os.open(target, os.O_RDWR | os.O_CREAT, 0o600)
    yield given, made
    os.close(given)
    os.close(made)


@pytest.mark.parametrize("protection", BEHIND, ids=SECOND)
async def test_a_file_goes_through_without_being_held(paths: tuple[int, int], protection: Protection) -> None:
    """Neither here nor there: the memory allowed is less than the file."""
    source, target = paths
    os.write(target, b"what was there before" * MIB)
    bounds = Bounds(max_bytes=100 * MIB, file_bytes=400 * MIB)
    held = resident()
    done = await execute("/usr/bin/cat", [], source, protection, bounds, target)
    assert (done.status, len(done.data)) == (0, 0), done.said
    assert os.fstat(target).st_size == 300 * MIB
    assert os.pread(target, 5, 0) + os.pread(target, 3, 300 * MIB - 3) == b"beginend"
    assert resident() - held < 50 * MIB


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_two_runs_on_one_descriptor_do_not_disturb_each_other(paths: tuple[int, int]) -> None:
    source, _ = paths
    words = ["-c", "5"]
    both = await asyncio.gather(*(execute("/usr/bin/head", words, source, BEHIND[0]) for _ in range(2)))
    assert [bytes(one.data) for one in both] == [b"begin", b"begin"]
    assert os.lseek(source, 0, os.SEEK_CUR) == 0


def test_a_source_can_not_be_written_and_a_target_not_be_read(paths: tuple[int, int]) -> None:
    with contextlib.closing(Streams(*paths)) as streams:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(streams.source, b"overwritten")
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.read(streams.made, 1)


async def test_room_that_was_set_aside_stays(tmp_path: Path) -> None:
    with (tmp_path / "target").open("w+b") as file:
        set_aside(file.fileno(), MIB)
        assert os.fstat(file.fileno()).st_size == 0
        room = os.fstat(file.fileno()).st_blocks
        done = await execute("/usr/bin/head", ["-c", "5"], b"begin", BEHIND[0], target=file.fileno())
        assert (done.status, file.read(), os.fstat(file.fileno()).st_blocks) == (0, b"begin", room)


async def test_what_is_written_has_an_end(paths: tuple[int, int]) -> None:
    source, target = paths
    done = await execute("/usr/bin/cat", [], source, BEHIND[0], Bounds(file_bytes=MIB), target)
    assert "File too large" in done.said
    assert (done.status, os.fstat(target).st_size) == (1, MIB)


async def test_only_regular_files() -> None:
    """Of a pipe nobody knows when it ends, and who is at its other end."""
    reader, writer = os.pipe()
    try:
        with pytest.raises(ValueError, match="regular"):
            await execute("/usr/bin/cat", [], reader, BEHIND[0])
    finally:
        os.close(reader)
        os.close(writer)


async def test_what_it_says_meanwhile_is_heard() -> None:
    heard: list[tuple[float, bytes]] = []
    with Hearing(lambda said: heard.append((time.monotonic(), said))) as hearing:
        words = ["-nostdin", "-stats_period", "0.5", "-progress", f"pipe:{hearing.number}", "-re", "-f", "lavfi"]
        words += ["-i", "color=size=64x64:rate=10:duration=3", "-f", "null", "-"]
        done = await execute(FFMPEG, words, b"", BEHIND[0], hearing=hearing)
    assert done.status == 0, done.said
    assert b"progress=continue" in heard[0][1]
    assert b"progress=end" in heard[-1][1]
    assert heard[-1][0] - heard[0][0] > 1


def test_who_talks_too_much_waits() -> None:
    """The reader's time is limited, not the talker's patience."""
    heard: list[bytes] = []
    with Hearing(heard.append) as hearing:
        os.set_blocking(hearing.number, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(hearing.number, b"a line that says nothing at all\n" * 64)
        hearing.poll()
        assert sum(map(len, heard)) == CHUNK_BYTES


@pytest.mark.parametrize("protection", BEHIND, ids=SECOND)
async def test_who_is_cancelled_leaves_no_process(protection: Protection) -> None:
    running, below = await sleeper(protection, Bounds(seconds=90, nice=7))
    niceness = {os.getpriority(os.PRIO_PROCESS, pid) for pid in below if cmdline(pid) == SLEEP}
    assert niceness == {os.nice(0) + 7}
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # The kernel ends those inside a namespace right after the one that holds it.
    for _ in range(100):
        if not any(map(cmdline, below)):
            break
        await asyncio.sleep(0.02)
    assert not any(map(cmdline, below))


SLEEP = b"/usr/bin/sleep\x0060\0"


async def sleeper(protection: Protection, bounds: Bounds) -> tuple["asyncio.Task[Output]", list[int]]:
    """A run of `sleep`, and the processes that there are below this one since, once it has become that."""
    others = set(tree(os.getpid()))
    running = asyncio.create_task(execute("/usr/bin/sleep", ["60"], b"", protection, bounds))
    while not running.done():
        below = [pid for pid in tree(os.getpid()) if pid not in others]
        if any(cmdline(pid) == SLEEP for pid in below):
            return running, below
        await asyncio.sleep(0.05)
    raise AssertionError(await running)


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def test_cores_are_counted_in_the_kernels_limit() -> None:
    done = await execute("/usr/bin/dash", ["-c", "ulimit -t"], b"", BEHIND[0], Bounds(seconds=9, cores=2))
    assert int(bytes(done.data)) == 19


async def test_each_task_knows_what_its_own_programs_have_spent(paths: tuple[int, int]) -> None:
    source, _ = paths

    async def one(program: str) -> float:
        mine = counted()
        await asyncio.create_task(execute(program, [], source, BEHIND[0], Bounds(seconds=60)))
        return mine.seconds

    before = spent()
    much, little = await asyncio.gather(one("/usr/bin/sha512sum"), one("/usr/bin/true"))
    assert much > 0.2
    assert little < 0.1
    assert spent() - before == pytest.approx(much + little)
