"""What an encoder of a plug-in may say: a closed list; and what the sandbox keeps from it whatever it says."""

import asyncio
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from processors.refusals import Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.ffmpeg import ffmpeg
from processors.video.keeping.dictation import against
from processors.video.keeping.looking import take_inventory
from processors.video.keeping.order import Order
from processors.video.keeping.ordering import ordered
from processors.video.keeping.remaking import Remaking, remake
from processors.video.probe import probe
from tests.processors.clips import FFMPEG, clip
from tests.processors.remade import wish

X265, X264 = ("-c:v", "libx265"), ("-c:v", "libx264")


@pytest.mark.pure
@pytest.mark.parametrize(
    ("codec", "words"),
    [
        (Codec.H265, (*X265, "-preset", "slow", "-crf", "22.5", "-x265-params", "aq-mode=3:psy-rd=2.0:no-sao=1")),
        (Codec.H264, (*X264, "-preset", "veryslow", "-tune", "film", "-x264-params", "deblock=-1,-1:me=umh")),
        (Codec.AV1, ("-c:v", "libsvtav1", "-preset", "4", "-crf", "28", "-svtav1-params", "film-grain=8")),
        (Codec.AV1, ("-c:v", "libaom-av1", "-cpu-used", "6", "-crf", "30", "-b:v", "0")),
        (Codec.VP9, ("-c:v", "libvpx-vp9", "-deadline", "good", "-b:v", "1500k", "-qmin", "-1")),
    ],
)
def test_what_may_be_said(codec: Codec, words: tuple[str, ...]) -> None:
    assert against(codec, words) == ""


@pytest.mark.pure
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "first comes -c:v"),
        (("-c:v", "h264_nvenc"), "first comes -c:v with one of libx265"),
        (("-crf", "20", *X265), "first comes -c:v"),
        ((*X265, "-an"), "options with a value each"),
        ((*X265, "-crf", 20), "options with a value each, as texts"),
        ((*X265, *("-crf", "20") * 40), "60 at most"),
        ((*X265, "-crf", "20", "-crf", "21"), "twice"),
        ((*X265, "-i", "/etc/passwd"), "'-i' is none of its options"),
        ((*X265, "/etc/passwd", "20"), "'/etc/passwd' is none of its options"),
        ((*X265, "-filter:v", "movie=/etc/passwd"), "'-filter:v' is none"),
        ((*X265, "-vf", "drawtext=textfile=/etc/passwd"), "'-vf' is none"),
        ((*X265, "-lavfi", "amovie=x"), "'-lavfi' is none"),
        ((*X265, "-f", "tee"), "'-f' is none"),
        ((*X265, "-protocol_whitelist", "file"), "'-protocol_whitelist' is none"),
        ((*X265, "-passlogfile", "made"), "'-passlogfile' is none"),
        ((*X265, "-vstats_file", "made"), "'-vstats_file' is none"),
        ((*X265, "-fpre", "made"), "'-fpre' is none"),
        ((*X265, "-x264-params", "aq-mode=1"), "'-x264-params' is none"),
        ((*X265, "-preset", "/etc/passwd"), "-preset can't be"),
        ((*X265, "-preset", "slow\n"), "-preset can't be"),
        ((*X265, "-crf", "-i"), "-crf can't be"),
        ((*X265, "-tune", "file:made"), "-tune can't be"),
        ((*X265, "-x265-params", "csv=made"), "'csv' is none of the parameters"),
        ((*X265, "-x265-params", "aq-mode=3:stats=made"), "'stats' is none of the parameters"),
        ((*X265, "-x265-params", "aq-mode=../made"), "the parameter aq-mode can't be"),
        ((*X265, "-x265-params", "aq-mode=3::"), "'' is none of the parameters"),
        ((*X265, "-x265-params", "pools=64"), "'pools' is none of the parameters"),
    ],
)
def test_what_may_not_be_said(words: tuple[str, ...], why: str) -> None:
    assert why in against(Codec.H265, words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that everybody may write, with a film in it that is to be worked on and another one."""
    tmp_path.chmod(0o777)
    data = clip("-c:v", "mpeg4", "-b:v", "3M", pattern="testsrc2=size=320x180:rate=30:duration=1", suffix="matroska")
    for name in ("source", "secret.mkv", "target"):
        (tmp_path / name).write_bytes(b"" if name == "target" else data)
    return tmp_path


def plainly(words: list[str], folder: Path) -> None:
    """ffmpeg as it is, outside of any sandbox."""
    command = [FFMPEG, "-nostdin", "-loglevel", "error", "-i", str(folder / "source"), *words]
    subprocess.run(command, check=True, cwd=folder, timeout=30)


def told(folder: Path) -> list[bytes]:
    """What has been written where the hostile words say so, and nothing of it is left."""
    found = [(path, path.read_bytes()) for path in folder.glob("told*")]
    for path, _ in found:
        path.unlink()
    return [data for _, data in found]


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        (Codec.H265, (*X265, "-preset", "ultrafast", "-x265-params", "csv={file}:csv-log-level=1")),
        (Codec.H264, (*X264, "-preset", "ultrafast", "-x264-params", "stats={file}:pass=1")),
    ],
)
def test_what_is_said_past_the_list_writes_nothing(codec: Codec, words: tuple[str, ...], folder: Path) -> None:
    """The same words in an order that nobody has checked; ffmpeg alone does write that file."""
    hostile = tuple(word.format(file=folder / "told") for word in words)
    plainly([*hostile, "-f", "null", "-"], folder)
    assert any(told(folder))
    with suppress(Refused):
        asyncio.run(made(folder, codec, hostile))
    assert told(folder) == []


async def made(folder: Path, codec: Codec, words: tuple[str, ...]) -> None:
    """The film anew, with these words for the encoder. Raises Refused."""
    protection = await probe_layers()
    with open(folder / "source", "rb") as source, open(folder / "target", "r+b") as target:  # noqa: ASYNC230
        before = await take_inventory(source.fileno(), protection)
        order = ordered(before, await probe(source.fileno(), protection), wish(codec))
        assert isinstance(order, Order)
        run = Remaking(replace(order, words=words), before, protection, lambda _: None)
        await remake(source.fileno(), target.fileno(), run, folder)


def test_a_filter_that_reads_a_file_reads_nothing(folder: Path) -> None:
    """The whole command line is the plug-in's here: ffmpeg alone makes a film of another one that is none of ours."""
    words = ["-filter_complex", f"movie={folder / 'secret.mkv'}[x]", "-map", "[x]", *X264, "-f", "matroska"]
    plainly([*words, str(folder / "told")], folder)
    assert any(told(folder))
    status, said = asyncio.run(confined(folder, [*words, "fd:"]))
    assert status != 0
    assert "Failed to avformat_open_input" in said
    assert (folder / "target").stat().st_size == 0


def test_an_option_that_writes_a_file_writes_nothing(folder: Path) -> None:
    words = ["-map", "0:v", *X264, "-preset", "ultrafast", "-vstats_file", str(folder / "told"), "-f", "matroska"]
    plainly([*words, str(folder / "target"), "-y"], folder)
    assert any(told(folder))
    asyncio.run(confined(folder, [*words, "fd:"]))
    assert told(folder) == []


async def confined(folder: Path, words: list[str]) -> tuple[int, str]:
    protection = await probe_layers()
    with open(folder / "source", "rb") as source, open(folder / "target", "r+b") as target:  # noqa: ASYNC230
        bounds = Bounds(seconds=20, cores=2)
        done = await ffmpeg(source.fileno(), words, protection, bounds, target=target.fileno())
    return done.status, done.said
