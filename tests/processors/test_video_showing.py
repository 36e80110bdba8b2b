"""Poster, screenshots, sprite and preview: away from black and blur, upright, in SDR; the ladder; the command."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from processors.refusals import Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.files import File
from processors.video.make import Made, Ready, make
from processors.video.orders import Picture, Show, Shown
from processors.video.progress import Progress, Tell
from processors.video.settings import Settings
from processors.video.viewing import ask
from processors.video.webvtt import webvtt
from tests.processors.clips import DEEP, FAST, FFMPEG, PQ, TONE, changed, clip

# Two seconds black, two blurred, two sharp, two black.
PARTS = (
    "testsrc2=size=320x180:rate=10:duration=8,"
    "boxblur=20:enable='between(t,2,3.95)',drawbox=color=black:t=fill:enable='lt(t,2)+gte(t,6)'"
)


async def shown(data: bytes, **order: object) -> tuple[Shown, list["np.ndarray"]]:
    """What is shown of `data`: the poster, the screenshots, the sprite."""
    doors = await probe_layers()
    wanted = msgspec.structs.replace(Show(interval=0.5, preview=1.0), **order)
    said, files = await ask("show", wanted, Shown, data, doors, Bounds(seconds=60, cores=2))
    pictures, place = [], 0
    for one in (said.poster, *said.shots, said.sprite):
        pictures.append(np.asarray(Image.open(io.BytesIO(files[place : place + one.length])).convert("RGB")))
        assert pictures[-1].shape[:2] == (one.height, one.width)
        place += one.length
    assert place == len(files)
    return said, pictures


@pytest.mark.parametrize("every", ["5", "1000"])
async def test_the_poster_is_neither_black_nor_blurred(every: str) -> None:
    """Nor is the preview's start: also where the only keyframe is the black one at the beginning."""
    said, pictures = await shown(clip(*FAST, "-g", every, pattern=PARTS))
    assert 4 <= said.poster.at < 6
    assert 4 <= said.start < 6
    assert pictures[0].mean() > 50


async def test_a_black_video_has_a_poster_all_the_same() -> None:
    said, pictures = await shown(clip(*FAST, pattern="color=black:size=320x180:rate=10:duration=2"))
    assert said.poster.width == 320
    assert pictures[0].mean() < 10


async def test_screenshots_are_spread_and_in_order() -> None:
    said, pictures = await shown(clip(*FAST, "-g", "5", pattern="testsrc2=size=320x180:rate=10:duration=8"), shots=4)
    times = [one.at for one in said.shots]
    assert len(times) == 4
    assert all(2 * number <= at < 2 * number + 2 for number, at in enumerate(times))
    assert len({picture.tobytes() for picture in pictures[1:5]}) == 4
    assert (await shown(clip(*FAST), shots=0))[0].shots == []


# Every second of it is of a brightness of its own.
STEPS = "color=black:size=320x180:rate=10:duration=8,geq=lum='40+20*floor(T)':cb=128:cr=128"


@pytest.mark.parametrize("every", ["10", "1000"])
async def test_each_cell_shows_its_time(every: str) -> None:
    said, pictures = await shown(clip(*FAST, "-g", every, pattern=STEPS), interval=1.0, columns=3, shots=1)
    assert said.cells == pytest.approx([0, 1, 2, 3, 4, 5, 6, 7], abs=0.05)
    assert (said.columns, said.cell_width, said.cell_height) == (3, 192, 108)
    assert pictures[-1].shape == (3 * 108, 3 * 192, 3)
    levels = []
    for number in range(8):
        top, left = number // 3 * 108, number % 3 * 192
        levels.append(pictures[-1][top : top + 108, left : left + 192].mean())
    assert np.diff(levels) == pytest.approx([23] * 7, abs=8)


async def test_a_long_video_has_no_more_cells_than_allowed() -> None:
    said, _ = await shown(clip(*FAST, "-g", "5"), interval=0.1, cells=7)
    assert len(said.cells) == 7


async def test_pictures_are_upright() -> None:
    pattern = "color=black:size=320x180:rate=10:duration=1,drawbox=x=0:w=160:h=180:color=white:t=fill"
    for words, side in ((("-display_rotation", "-90"), 0), (("-display_rotation", "90"), 1)):
        said, pictures = await shown(changed(clip(*FAST, pattern=pattern), words))
        assert (said.poster.width, said.poster.height) == (180, 320)
        assert (said.cell_width, said.cell_height) == (61, 108)
        halves = [pictures[0][:160].mean(), pictures[0][160:].mean()]
        assert halves[side] > 200 > 50 > halves[1 - side]


async def test_hdr_is_shown_as_sdr() -> None:
    """Half a signal of PQ is 92 cd/m2, of the 203 that become white."""
    _, pictures = await shown(clip(*DEEP, *PQ, pattern="color=0x808080:size=320x180:rate=10:duration=1"))
    assert pictures[0].mean() == pytest.approx(255 * (92 / 203) ** (1 / 2.2), abs=25)


async def test_what_is_damaged_half_way_shows_what_there_is() -> None:
    data = bytearray(clip(*FAST, "-g", "5", pattern=STEPS, suffix="mpegts"))
    data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    began = time.monotonic()
    said, _ = await shown(bytes(data))
    assert said.poster.width == 320
    assert time.monotonic() - began < 30


def test_webvtt_says_which_cell_stands_for_which_time() -> None:
    one = Picture(0, 9, 9, 1)
    text = webvtt(Shown(one, [], one, [0.0, 3600.5, 7201.0], 192, 108, 2, 0.0), 10_000.25, "storyboard.jpg")
    assert text == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 01:00:00.500\nstoryboard.jpg#xywh=0,0,192,108\n\n"
        "01:00:00.500 --> 02:00:01.000\nstoryboard.jpg#xywh=192,0,192,108\n\n"
        "02:00:01.000 --> 02:46:40.250\nstoryboard.jpg#xywh=0,108,192,108\n"
    )


async def made(
    data: bytes, folder: Path, settings: Settings, ready: Ready | None = None, tell: Tell = lambda _: None
) -> Made:
    source = folder / "source"
    source.write_bytes(data)
    (folder / "out").mkdir()
    with source.open("rb") as file:
        return await make(file.fileno(), folder / "out", settings, await probe_layers(), tell, ready)


async def test_all_of_it(tmp_path: Path) -> None:
    early: list[str] = []

    async def ready(files: Sequence[File]) -> None:
        early.extend(file.name for file in files)
        assert not (tmp_path / "out" / "video.webm").exists()

    done = await made(clip(*TONE, *FAST, "-g", "15"), tmp_path, Settings(show=Show(shots=2, preview=1.0)), ready)
    pictures = ["poster.jpg", "shot_01.jpg", "shot_02.jpg", "storyboard.jpg", "storyboard_vtt.vtt"]
    names = [*pictures, "preview.webm", "video.webm"]
    assert [file.name for file in done.files] == names
    assert early == names[:-1]
    assert sorted(os.listdir(tmp_path / "out")) == sorted(names)
    assert [(tmp_path / "out" / file.name).stat().st_size for file in done.files] == [file.size for file in done.files]
    assert (done.before.size, done.after.size) == ((tmp_path / "source").stat().st_size, done.files[-1].size)
    said = said_of(tmp_path / "out" / "preview.webm")
    assert "Audio" not in said
    assert "Duration: 00:00:01.0" in said


async def test_what_fails_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await made(b"no video", tmp_path, Settings())
    assert os.listdir(tmp_path / "out") == []


async def test_a_ladder_plays(tmp_path: Path) -> None:
    """Each rung by its own playlist, whole, and every segment beginning with a keyframe."""
    pattern, told = "testsrc2=size=320x180:rate=10:duration=9", list[Progress]()
    settings = Settings(codec=Codec.H264, show=Show(shots=0, preview=0), ladder=(90, 180, 1080))
    done = await made(clip(*FAST, pattern=pattern), tmp_path, settings, tell=told.append)
    assert [file.name for file in done.files if file.name.startswith("hls_")] == [
        "hls_master.m3u8",
        "hls_90.mp4",
        "hls_90_list.m3u8",
        "hls_180.mp4",
        "hls_180_list.m3u8",
    ]
    folder = tmp_path / "out"
    master = (folder / "hls_master.m3u8").read_text()
    assert master.count("#EXT-X-STREAM-INF") == 2
    assert "RESOLUTION=160x90" in master
    listed = (folder / "hls_90_list.m3u8").read_text()
    assert [line for line in listed.splitlines() if line.startswith("#EXTINF")] == [
        "#EXTINF:4.000000,",
        "#EXTINF:4.000000,",
        "#EXTINF:1.000000,",
    ]
    said = said_of(folder / "hls_180_list.m3u8")
    assert "Duration: 00:00:09.0" in said
    assert "frame=    3" in said, said[-500:]

    percents = [one.percent for one in told]
    assert percents == sorted(percents)
    assert list(dict.fromkeys(one.step for one in told)) == ["show", "transcode", "ladder"]


async def test_what_is_too_long_is_shown_and_not_begun(tmp_path: Path) -> None:
    """Nine seconds that may take none: refused once the pictures and the preview are there."""
    early: list[str] = []

    async def ready(files: Sequence[File]) -> None:
        early.extend(file.name for file in files)

    with pytest.raises(Refused) as caught:
        await made(clip(*FAST, "-g", "15"), tmp_path, Settings(show=Show(shots=1, preview=1.0), seconds=0.01), ready)
    assert caught.value.code == "too_long"
    assert "send it in parts" in caught.value.message
    assert early == ["poster.jpg", "shot_01.jpg", "storyboard.jpg", "storyboard_vtt.vtt", "preview.webm"]
    assert "video.webm" not in os.listdir(tmp_path / "out")


async def test_its_own_streams_are_kept_where_all_that_is_made_has_more(tmp_path: Path) -> None:
    """A picture that stands still, and hardly anything asked for: what H.264 has of it is less than anything made."""
    still = clip("-c:v", "libx264", "-crf", "51", "-preset", "veryslow", "-pix_fmt", "yuv420p", pattern=STILL)
    settings = Settings(codec=Codec.VP9, bit_rates=((2160, 1_000),), show=Show(shots=0, preview=0))
    done = await made(still, tmp_path, settings)
    [reason] = done.plan.reasons
    assert reason.startswith("its own streams are kept")
    assert [file.name for file in done.files if file.name.startswith("video.")] == ["video.mp4"]
    assert (done.after.codec, done.files[-1].content_type) == ("h264", "video/mp4")
    assert not (tmp_path / "out" / "video.webm").exists()


STILL = "testsrc2=size=640x360:rate=1:duration=1,loop=loop=20:size=1,setpts=N/TB"


def said_of(path: Path) -> str:
    """What ffmpeg says of a file, and of its keyframes."""
    words = [FFMPEG, "-hide_banner", "-skip_frame", "nokey", "-i", path, "-f", "null", "-"]
    return subprocess.run(words, capture_output=True, text=True).stderr


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip(*TONE, *FAST))
    (tmp_path / "text.mp4").write_bytes(b"no video")
    words = [sys.executable, "-m", "processors.video", "--into", tmp_path / "out", "--preview", "0", "--shots", "1"]
    good = subprocess.run([*words, tmp_path / "clip.mp4"], capture_output=True, text=True, timeout=60)
    assert good.returncode == 0, good.stderr
    assert "bytes before" in good.stdout
    assert (tmp_path / "out" / "clip" / "video.webm").stat().st_size > 10_000
    bad = subprocess.run([*words, tmp_path / "text.mp4"], capture_output=True, text=True, timeout=60)
    assert bad.returncode == 1
    assert "not_a_video" in bad.stderr
