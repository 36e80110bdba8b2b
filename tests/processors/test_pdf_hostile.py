"""Documents made to do harm, through the sandbox: bombs, loops, scripts. Each ends in time; the next is fine."""

import time
import zlib
from pathlib import Path

import pytest

from processors.limits import MAX_PAGES
from processors.pdf import read
from processors.processor import Processor
from processors.recipes import Recipe, VersionSpec
from processors.refusals import Refused
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.memory import resident_bytes
from processors.sandbox.sandbox import Sandbox
from tests.processors import badpapers as bad
from tests.processors.canary import Canary
from tests.processors.papers import paper, words
from tests.processors.pictures import encoded, scene

PAPER, PHOTO = paper(words("Hello")), encoded(scene(400, 300), "JPEG")
SMALL = Recipe("small", (VersionSpec("large", 200, 200),), quality=80)
SECONDS = 3.0
FEW = ("content packed twice", "a picture", "forms in forms")


async def outcome(sandbox: Sandbox, data: bytes) -> str:
    """The code of a refusal, `too slow`, or `read`. Whatever else happens fails the test."""
    await sandbox.start()
    began = time.monotonic()
    try:
        await sandbox.develop(data, SECONDS, SMALL, Processor.PDF)
    except Refused as refused:
        found = refused.code
    except SandboxTimeout:
        found = "too slow"
    else:
        found = "read"
    assert time.monotonic() - began < SECONDS + 2
    return found


async def works(sandbox: Sandbox) -> bool:
    document = await sandbox.develop(PAPER, 30, SMALL, Processor.PDF)
    photo = await sandbox.develop(PHOTO, 30)
    return len(document.versions) == 2 and len(photo.versions) == 4


@pytest.mark.parametrize("names", [FEW, pytest.param(None, marks=pytest.mark.long)], ids=["few", "all"])
async def test_bombs_end_in_time_and_leave_nothing(sandbox: Sandbox, names: tuple[str, ...] | None) -> None:
    """Streams that unpack to a thousand times their size, as content, objects and pictures, once and twice."""
    bombs = {
        "blank content": bad.with_content(bad.flated(bad.squeezed(b"    ", 300))),
        "busy content": bad.with_content(bad.flated(bad.squeezed(b"q Q ", 60))),
        "content packed twice": bad.with_content(bad.flated(zlib.compress(bad.squeezed(b"    ", 400)), 2)),
        "objects": bad.objects_bomb(300),
        "a picture": bad.image_of(50_000, 50_000, bad.squeezed(b"x", 100)),
        "a picture packed twice": bad.image_of(12_000, 12_000, zlib.compress(bad.squeezed(b"x", 400)), 2),
        "forms in forms": bad.drawing_itself(10, 8),
    }
    found = {name: await outcome(sandbox, data) for name, data in bombs.items() if name in (names or bombs)}
    assert set(found.values()) <= {"too slow", "too_much_memory", "damaged", "read"}, found
    assert found["forms in forms"] == "too slow"
    assert await works(sandbox)
    assert sandbox.pid
    assert resident_bytes(sandbox.pid) < 300 << 20


async def test_the_memory_of_a_bomb_is_capped() -> None:
    async with Sandbox(max_bytes=300 << 20) as small:
        data = bad.with_content(bad.flated(bad.squeezed(b"    ", 600)))
        with pytest.raises(Refused) as caught:
            await small.develop(data, 30, SMALL, Processor.PDF)
        assert caught.value.code == "too_much_memory"
        assert await works(small)


async def test_loops_end(sandbox: Sandbox) -> None:
    for name, data in bad.loops().items():
        found = await outcome(sandbox, data)
        assert found == ("damaged" if "tree of pages" in name else "read"), name
    assert await works(sandbox)


async def test_too_many_pages_are_refused_at_once(sandbox: Sandbox) -> None:
    for pages in (10_000, 100_000):
        data = paper(*[""] * pages)
        await sandbox.start()
        began = time.monotonic()
        assert await outcome(sandbox, data) == "too_many_pages"
        assert time.monotonic() - began < 3
    assert await works(sandbox)


async def test_one_less_is_read(sandbox: Sandbox) -> None:
    made = await sandbox.develop(paper(*[words(f"page {n}") for n in range(MAX_PAGES)]), 30, SMALL, Processor.PDF)
    assert made.source.pages == MAX_PAGES
    assert made.source.text_pages
    assert bytes(made.versions[-1].data).startswith(b"page 0\fpage 1\f")


async def test_scripts_do_not_run_and_nothing_is_fetched_or_started(
    sandbox: Sandbox, canary: Canary, tmp_path: Path
) -> None:
    """Not even without the sandbox around it."""
    program, trace = tmp_path / "program", tmp_path / "trace"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    for name, data in bad.reaching_out(canary.url, str(program)).items():
        made = read(data, SMALL)
        assert bytes(made.versions[-1].data) == b"Hello", name
        inside = await sandbox.develop(data, 30, SMALL, Processor.PDF)
        assert [bytes(v.data) for v in inside.versions] == [bytes(v.data) for v in made.versions], name
    assert not canary.visited(0.2)
    assert not trace.exists()


async def test_cut_here_and_there(sandbox: Sandbox) -> None:
    data = paper(*[words(f"page {n}") for n in range(20)])
    data = data[:9] + b"trailer<</Root 1 0 R>>\n" + data[9:]
    found = {await outcome(sandbox, data[: len(data) * percent // 100]) for percent in range(3, 100, 12)}
    assert found == {"damaged", "read"}
    assert await works(sandbox)


async def test_noise_in_a_document_is_survived(sandbox: Sandbox) -> None:
    data = bytearray(bad.image_of(40, 40, zlib.compress(bytes(4_800))))
    places = range(60, len(data), 17)
    for start in range(6):
        broken = bytearray(data)
        for place in places[start::6]:
            broken[place] ^= 1 << start
        assert await outcome(sandbox, bytes(broken)) in ("damaged", "read", "encrypted", "page_too_large")
    assert await works(sandbox)
