"""What broke decoders elsewhere, and files cut anywhere, through the sandbox: it survives all, each within 10 s."""

import asyncio
import time

import pytest

from processors.refusals import OtherReader, Refused
from processors.results import TEXT
from processors.sandbox.sandbox import Sandbox
from tests.processors import corpora
from tests.processors.metadata import foreign
from tests.processors.pictures import encoded, scene

PHOTO = encoded(scene(400, 300), "JPEG")
SECONDS = 10.0
# Every so manieth file in the default run; all with --long.
SAMPLED = {"pillow-12.0.0": 31, "pillow_heif-1.1.1": 3, "pypdf-6.1.1": 5}
WAYS = [
    *(("JPEG", options) for options in ({}, {"subsampling": 0}, {"progressive": True})),
    *((kind, {}) for kind in ("PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF")),
    *(("TIFF", {"compression": way}) for way in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")),
]


async def outcome(sandbox: Sandbox, data: bytes) -> str:
    """What became of a file: `developed` or the code of its refusal. Whatever else happens fails the test."""
    began = time.monotonic()
    try:
        developed = await sandbox.develop(data, timeout=SECONDS, processor=None)
    except Refused as refused:
        found = refused.code
    except OtherReader:
        return "left to another"  # a text: LibreOffice is tried on such files elsewhere
    else:
        pictures = [version for version in developed.versions if version.name != TEXT]
        assert len(pictures) == 4
        for version in pictures:
            assert not foreign(bytes(version.data)), version.name
        found = "developed"
    # With what starting the next child takes.
    assert time.monotonic() - began < SECONDS + 2
    return found


async def survives(sandbox: Sandbox, package: str, each: int) -> dict[str, int]:
    """How many files of a corpus came to what end."""
    found: dict[str, int] = {}
    for number, (name, data) in enumerate(corpora.files(package)):
        if number % each == 0:
            try:
                end = await outcome(sandbox, data)
            except Exception as error:
                error.add_note(name)
                raise
            found[end] = found.get(end, 0) + 1
    assert await outcome(sandbox, PHOTO) == "developed"
    return found


@pytest.mark.parametrize("package", SAMPLED)
async def test_a_sample_of_a_corpus(sandbox: Sandbox, package: str) -> None:
    found = await survives(sandbox, package, SAMPLED[package])
    assert sum(found.values()) >= 10
    assert len(found) >= 2


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("package", SAMPLED)
async def test_the_whole_corpus(sandbox: Sandbox, package: str) -> None:
    found = await survives(sandbox, package, 1)
    print(package, found)
    assert sum(found.values()) > 50


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("kind", "options"), WAYS, ids=str)
async def test_cut_at_every_percent(sandbox: Sandbox, kind: str, options: dict[str, object]) -> None:
    data = encoded(scene(300, 200), kind, **options)
    for percent in range(1, 100):
        assert await outcome(sandbox, data[: len(data) * percent // 100]) != "developed"
    assert await outcome(sandbox, PHOTO) == "developed"


async def test_cut_here_and_there(sandbox: Sandbox) -> None:
    """Each format once, at a percentage of its own: cut at every percent, in one process, they are in test_refusals."""
    for number, (kind, options) in enumerate(WAYS):
        data = encoded(scene(300, 200), kind, **options)
        assert await outcome(sandbox, data[: len(data) * (7 + 8 * number) // 100]) != "developed"
    assert await outcome(sandbox, PHOTO) == "developed"


async def test_many_at_once_do_not_harm_each_other(sandbox: Sandbox) -> None:
    """Good and bad ones through one sandbox: each gets the answer to its own file."""
    broken = encoded(scene(300, 200), "PNG")[:-2000]
    found = await asyncio.gather(*(outcome(sandbox, data) for data in [PHOTO, broken, PHOTO, b"", PHOTO, broken]))
    assert found == ["developed", "truncated", "developed", "empty", "developed", "truncated"]
