"""Videos transcoded: what is asked is kept to, and position, light, time and sound come out right."""

import asyncio
import io
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from processors.refusals import Refused
from processors.sandbox.memory import tree
from processors.sandbox.probe import probe as probe_layers
from processors.video.boxes import boxes
from processors.video.codec import Codec
from processors.video.decide import decide
from processors.video.facts import Transfer, VideoFacts
from processors.video.probe import probe
from processors.video.progress import Meter, Progress, shares
from processors.video.settings import Settings
from processors.video.transcode import Part, Run, transcode
from tests.processors.clips import DEEP, FAST, HLG, PQ, TONE, changed, clip

NOISE = "testsrc2=size=640x360:rate=30:duration=4,noise=alls=30:allf=t"
NOISY = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p")
ASKED = 600_000
LOW = Settings(bit_rates=((2160, ASKED),))
SMALL = Settings(bit_rates=((2160, 400_000),))


class Done:
    """What came of `data`."""

    def __init__(self, data: bytes, facts: VideoFacts, progress: list[Progress], asked: int) -> None:
        self.data, self.facts, self.progress, self.asked = data, facts, progress, asked

    def frames(self) -> list[tuple[float, "np.ndarray"]]:
        """Seconds and pixels of each, turned as a player does."""
        with av.open(io.BytesIO(self.data)) as container:
            assert container.streams.video[0].codec_context is not None
            return [(frame.time or 0.0, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


async def transcoded(data: bytes, settings: Settings, folder: Path, part: Part | None = None) -> Done:
    doors, told = await probe_layers(), list[Progress]()
    source, target = folder / "source", folder / "target"
    source.write_bytes(data)
    with source.open("rb") as given, target.open("w+b") as made:
        facts = await probe(given.fileno(), doors)
        run = Run(facts, decide(facts, settings), doors, told.append, part)
        size = (await transcode(given.fileno(), made.fileno(), run, folder)).size
        after = await probe(made.fileno(), doors)
    assert size == target.stat().st_size == after.size
    assert sorted(os.listdir(folder)) == ["source", "target"]
    return Done(target.read_bytes(), after, told, run.plan.bit_rate)


async def test_noise_stays_between_85_and_115_percent(tmp_path: Path) -> None:
    """Of what was asked, by the default codec."""
    done = await transcoded(clip(*NOISY, pattern=NOISE), LOW, tmp_path)
    assert done.facts.codec == "vp9"
    rate = done.facts.size * 8 / 4
    assert 0.85 * ASKED <= rate <= 1.15 * ASKED, rate


STEREO = (*TONE[:-2], "-ac", "2", "-c:a", "aac", "-b:a", "48k")
QUIET = (*STEREO, *FAST, "-b:v", "70k", "-maxrate", "70k", "-bufsize", "70k")


@pytest.mark.parametrize(
    "codec", [Codec.H264, *(pytest.param(one, marks=pytest.mark.long) for one in Codec if one is not Codec.H264)]
)
async def test_little_is_kept_to_with_sound(codec: Codec, tmp_path: Path) -> None:
    """The whole file, of a source of about 130 kbit/s with two channels of sound."""
    done = await transcoded(clip(*QUIET), Settings(codec=codec), tmp_path)
    assert done.facts.sound is not None
    assert 100_000 <= done.asked <= 200_000, done.asked
    assert done.facts.size * 8 / 3 <= 1.15 * done.asked


async def test_what_is_too_large_is_made_again_smaller_and_said_where_that_does_not_help(tmp_path: Path) -> None:
    """Noise for which hardly anything is asked: no encoder makes so little of it."""
    settings, told = Settings(bit_rates=((2160, 3_000),)), list[Progress]()
    (tmp_path / "source").write_bytes(clip(*NOISY, pattern=NOISE))
    with (tmp_path / "source").open("rb") as given, (tmp_path / "target").open("w+b") as made:
        facts = await probe(given.fileno(), await probe_layers())
        run = Run(facts, decide(facts, settings), await probe_layers(), told.append)
        done = await transcode(given.fileno(), made.fileno(), run, tmp_path)
    assert done.over
    assert (done.plan.width, done.plan.height) == (320, 180)
    assert "made smaller, to 320 x 180, to keep to the bit rate" in done.plan.reasons
    assert re.fullmatch(
        r"has \d+ % of the bit rate asked for: no encoder of ours makes less of it", done.plan.reasons[-1]
    )
    percents = [one.percent for one in told]
    assert percents == sorted(percents)


@pytest.mark.long
@pytest.mark.parametrize(
    "codec", [Codec.H264, *(pytest.param(one, marks=pytest.mark.long) for one in Codec if one is not Codec.H264)]
)
async def test_each_codec_keeps_to_what_is_asked(codec: Codec, tmp_path: Path) -> None:
    done = await transcoded(clip(*NOISY, pattern=NOISE), replace(LOW, codec=codec), tmp_path)
    assert 0.85 * ASKED <= done.facts.size * 8 / 4 <= 1.15 * ASKED
    easy = tmp_path / "easy"
    easy.mkdir()
    smooth = clip(*NOISY, pattern="testsrc2=size=640x360:rate=30:duration=4,boxblur=4")
    assert (await transcoded(smooth, replace(LOW, codec=codec), easy)).facts.size * 8 / 4 <= 1.15 * ASKED


NAMES = {Codec.VP9: "vp9", Codec.AV1: "av1", Codec.H265: "hevc", Codec.H264: "h264"}


@pytest.mark.parametrize("codec", list(Codec))
async def test_each_codec_with_sound(codec: Codec, tmp_path: Path) -> None:
    done = await transcoded(clip(*TONE, *FAST, "-g", "30"), replace(SMALL, codec=codec), tmp_path)
    facts = done.facts
    assert (facts.codec, facts.width, facts.height, facts.fps) == (NAMES[codec], 320, 180, 30)
    assert facts.seconds == pytest.approx(3, abs=0.15)
    assert facts.sound is not None
    assert (facts.sound.codec, facts.sound.channels) == ("opus" if facts.container.startswith("matroska") else "aac", 2)


async def test_an_mp4_begins_with_its_index(tmp_path: Path) -> None:
    await transcoded(clip(*TONE, *FAST), replace(SMALL, codec=Codec.H264), tmp_path)
    with (tmp_path / "target").open("rb") as made:
        names = [box.name for box in boxes(made.fileno())]
    assert names.index(b"moov") < names.index(b"mdat")


async def test_no_sound_and_nothing_else_that_was_in_the_file(tmp_path: Path) -> None:
    secret = clip("-metadata", "location=+48.1+11.5/", "-metadata", "title=canary-7f3a", *FAST)
    assert b"canary-7f3a" in secret
    for codec in (Codec.VP9, Codec.H264):
        folder = tmp_path / codec
        folder.mkdir()
        done = await transcoded(secret, replace(SMALL, codec=codec), folder)
        assert done.facts.sound is None
        assert b"canary" not in done.data
        assert b"+48.1" not in done.data


LEFT_WHITE = "color=black:size=320x180:rate=30:duration=1,drawbox=x=0:w=160:h=180:color=white:t=fill"


@pytest.mark.parametrize(
    ("words", "bright"),
    [
        (("-display_rotation", "-90"), "top"),
        (("-display_rotation", "90"), "bottom"),
        (("-display_rotation", "180"), "right"),
        (("-display_rotation", "0", "-display_hflip"), "right"),
    ],
)
async def test_it_comes_out_upright(words: tuple[str, ...], bright: str, tmp_path: Path) -> None:
    """The left half is white; a player of the source would show it at `bright`."""
    done = await transcoded(changed(clip(pattern=LEFT_WHITE), words), SMALL, tmp_path)
    assert (done.facts.rotation, done.facts.mirrored) == (0, False)
    picture = done.frames()[0][1]
    height, width = picture.shape[:2]
    assert (width, height) == ((180, 320) if bright in ("top", "bottom") else (320, 180))
    halves = {
        "left": picture[:, : width // 2],
        "right": picture[:, width // 2 :],
        "top": picture[: height // 2],
        "bottom": picture[height // 2 :],
    }
    assert max(halves, key=lambda name: halves[name].mean()) == bright


GRAY = "color=0x808080:size=320x180:rate=30:duration=1"


@pytest.mark.parametrize("words", [PQ, pytest.param(HLG, marks=pytest.mark.long)])
async def test_hdr_comes_out_as_sdr(words: tuple[str, ...], tmp_path: Path) -> None:
    """Half a signal is 92 cd/m2 in PQ and about 50 in HLG, of the 203 that become white."""
    done = await transcoded(clip(*DEEP, *words, pattern=GRAY), SMALL, tmp_path)
    assert (done.facts.transfer, done.facts.wide, done.facts.bits) == (Transfer.SDR, False, 8)
    level = done.frames()[0][1].mean()
    expected = 255 * (92 / 203 if words is PQ else 50 / 203) ** (1 / 2.2)
    assert level == pytest.approx(expected, abs=25)


SWITCH = "color=black:size=320x180:rate=30:duration=4,drawbox=color=white:t=fill:enable='gte(t,2.39)'"


async def test_a_changing_rate_keeps_its_time(tmp_path: Path) -> None:
    """A second at 30 pictures, then every sixth alone: what happens at 2.4 seconds still does."""
    gaps = clip("-vf", "select='lt(n,30)+not(mod(n,6))'", "-fps_mode", "vfr", *FAST, pattern=SWITCH)
    done = await transcoded(gaps, SMALL, tmp_path)
    assert done.facts.seconds == pytest.approx(4, abs=0.25)
    assert not done.facts.variable
    white = next(seconds for seconds, picture in done.frames() if picture.mean() > 128)
    assert white == pytest.approx(2.4, abs=0.04)


async def test_a_part_of_it(tmp_path: Path) -> None:
    done = await transcoded(clip(*FAST, "-g", "15", pattern=SWITCH), SMALL, tmp_path, Part(2.0, 1.0))
    assert done.facts.seconds == pytest.approx(1, abs=0.1)
    levels = [picture.mean() for _, picture in done.frames()]
    assert levels[0] < 64 < 192 < levels[-1]


async def test_what_is_right_already_is_copied(tmp_path: Path) -> None:
    data = clip(*TONE, *FAST, "-crf", "40")
    done = await transcoded(data, replace(Settings(), codec=Codec.H264), tmp_path)
    assert done.facts.codec == "h264"
    with av.open(io.BytesIO(data)) as before, av.open(io.BytesIO(done.data)) as after:
        packets = [[bytes(packet) for packet in one.demux(video=0) if packet.size] for one in (before, after)]
    assert packets[0] == packets[1]


async def test_pictures_that_can_all_be_jumped_to_are_copied(tmp_path: Path) -> None:
    """Each is a keyframe: the index of the copy has more than was planned for, and comes before them all the same."""
    words = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "1", "-pix_fmt", "yuv420p")
    data = clip(*words, pattern="testsrc2=size=32x18:rate=30:duration=20", suffix="webm")
    done = await transcoded(data, Settings(), tmp_path)
    assert done.facts.seconds == pytest.approx(20, abs=0.1)
    assert done.data.rindex(CUES) < done.data.index(CLUSTER)


# Elements of Matroska: an index, and what holds pictures.
CUES, CLUSTER = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"


async def test_damaged_and_cut_videos_end_in_time(tmp_path: Path) -> None:
    """Each is refused, or gives what there is."""
    data = clip(*TONE, *FAST, suffix="mpegts")
    broken = bytearray(data)
    for place in range(5_000, len(broken), 700):
        broken[place : place + 40] = os.urandom(40)
    for number, one in enumerate((data[: len(data) // 3], bytes(broken), data * 3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        began = time.monotonic()
        try:
            done = await transcoded(one, SMALL, folder)
        except Refused as refused:
            assert refused.code in ("damaged", "not_a_video")  # noqa: PT017
        else:
            assert done.facts.codec == "vp9"
        assert time.monotonic() - began < 60


async def test_who_is_cancelled_leaves_no_process_and_no_loop_was_held_up(tmp_path: Path) -> None:
    longest, before = 0.0, set(tree(os.getpid()))

    async def beat() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)

    pulse = asyncio.create_task(beat())
    running = asyncio.create_task(transcoded(clip(*NOISY, pattern=NOISE), LOW, tmp_path))
    while not any(b"libvpx-vp9" in cmdline(pid) and b"entry" not in cmdline(pid) for pid in tree(os.getpid())):
        assert not running.done()
        await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(10):  # the kernel ends those inside a namespace right after the one that holds it
        while not set(tree(os.getpid())) <= before:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.02)
    pulse.cancel()
    assert longest < 0.5


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def metered(*said: tuple[float, bytes]) -> list[Progress]:
    told, now = list[Progress](), 100.0
    meter = Meter(10.0, told.append, clock=lambda: now)
    for at, text in said:
        now = 100.0 + at
        meter.hear(text)
    return told


def test_progress_at_most_once_a_second_never_falling() -> None:
    told = metered(
        (0.0, b"out_time_us=100\n"),
        (0.5, b"out_time_us=1000000\n"),
        (1.0, b"out_time_us=20"),
        (1.1, b"00000\nspeed=1x\n"),
        (2.2, b"out_time_us=1000000\n"),
        (4.0, b"out_time_us=5000000\nprogress=end\n"),
    )
    assert [one.percent for one in told] == [0.0, 20.0, 20.0, 50.0]
    assert told[0].left is None
    assert told[-1].left == pytest.approx(4)


def test_time_left_is_that_of_all_that_comes_after() -> None:
    """Parts that take 3, 1 and 2 times as long: half-way through the first after 15 seconds."""
    first, second, third = shares(0.1, [3, 1, 2])
    assert (first.low, third.high) == (pytest.approx(0.1), pytest.approx(1))
    assert (first.high, second.high) == (pytest.approx(second.low), pytest.approx(third.low))
    told, now = list[Progress](), 0.0
    meter = Meter(10.0, told.append, first, clock=lambda: now)
    now = 15.0
    meter.hear(b"out_time_us=5000000\n")
    assert told == [Progress(32.5, pytest.approx(15 + 10 + 20), "transcode")]
    assert (second.step, third.step, third.after) == ("ladder", "ladder", 0)
    assert replace(first, after=None).part(0.5, 1.0).low == pytest.approx(0.325)


NONSENSE: list[bytes] = [b"out_time_us=N/A\n", b"out_time_us=-5\n", b"\xff" * 9000, b"out_time_us=" + b"9" * 90 + b"\n"]


@pytest.mark.parametrize("said", NONSENSE)
def test_progress_passes_over_nonsense(said: bytes) -> None:
    assert metered((0.0, said)) == []


async def test_progress_of_a_real_run(tmp_path: Path) -> None:
    done = await transcoded(clip(*NOISY, pattern=NOISE), replace(LOW, threads=1), tmp_path)
    percents = [one.percent for one in done.progress]
    assert percents
    assert percents == sorted(percents)
    assert percents[-1] <= 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for 64 KiB. Needs root."""
    room = tmp_path / "room"
    room.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", room], check=True)
    yield room
    subprocess.run(["umount", room], check=True)


@pytest.mark.root
async def test_a_disk_that_is_full_is_not_the_videos_fault(tmp_path: Path, small_disk: Path) -> None:
    doors = await probe_layers()
    (tmp_path / "source").write_bytes(clip(*NOISY, pattern=NOISE))
    with (tmp_path / "source").open("rb") as given, (small_disk / "target").open("w+b") as made:
        facts = await probe(given.fileno(), doors)
        run = Run(facts, decide(facts, LOW), doors, lambda _: None)
        with pytest.raises(OSError, match="No space left"):
            await transcode(given.fileno(), made.fileno(), run, tmp_path)
