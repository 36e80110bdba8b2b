"""How long videos are whose headers don't say, or lie: found by reading on, and all that follows from it is right."""

import time
from pathlib import Path

import av
import pytest

from processors.refusals import Refused
from processors.sandbox.layers import Protection
from processors.sandbox.probe import probe as probe_layers
from processors.video.make import PREVIEWED, make
from processors.video.orders import Show
from processors.video.probe import PROBE, probe
from processors.video.progress import Progress
from processors.video.settings import Settings
from tests.processors.clips import DURATION, FAST, HOURS, LIVE, SPEECH, TONE, claiming, clip

# A second of black, then a picture that moves.
PATTERN = "testsrc2=size=320x180:rate=10:duration=6,drawbox=color=black:t=fill:enable='lt(t,1)'"
DAYS = "testsrc2=size=64x36:rate=30:duration=1"


@pytest.fixture
async def doors() -> Protection:
    """All that hold here."""
    return await probe_layers()


def recorded() -> bytes:
    """Six seconds, as a browser records them."""
    data = clip(*SPEECH, *LIVE, "-g", "10", pattern=PATTERN, suffix="webm")
    assert DURATION not in data
    return data


async def test_of_a_live_recording(doors: Protection) -> None:
    facts = await probe(recorded(), doors)
    assert facts.seconds == pytest.approx(6, abs=0.2)
    assert facts.bit_rate == pytest.approx(len(recorded()) * 8 / 6, rel=0.05)


async def test_a_live_recording_becomes_all_that_others_do(doors: Protection, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(recorded())
    (tmp_path / "out").mkdir()
    told: list[Progress] = []
    show = Show(shots=3, preview=1.0, interval=1.0)
    with (tmp_path / "source").open("rb") as source:
        done = await make(source.fileno(), tmp_path / "out", Settings(show=show), doors, told.append)
    names = [file.name for file in done.files]
    assert {"shot_01.jpg", "shot_02.jpg", "shot_03.jpg", "preview.webm", "video.webm"} <= set(names)
    assert (tmp_path / "out" / "storyboard_vtt.vtt").read_text().count("#xywh=") == 6
    with av.open(str(tmp_path / "out" / "poster.jpg")) as poster:
        assert next(poster.decode(video=0)).to_ndarray(format="gray").mean() > 50
    with av.open(str(tmp_path / "out" / "preview.webm")) as preview:  # it does not begin in the black either
        assert next(preview.decode(video=0)).to_ndarray(format="gray").mean() > 50
    assert done.after.seconds == pytest.approx(6, abs=0.3)
    assert done.after.size * 8 / 6 <= 1.15 * done.plan.bit_rate
    percents = [one.percent for one in told]
    assert percents == sorted(percents)
    assert percents[-1] > 100 * PREVIEWED


async def test_of_a_picture_that_is_alone(doors: Protection) -> None:
    facts = await probe(clip(*LIVE, "-frames:v", "1", suffix="webm"), doors)
    assert facts.seconds == pytest.approx(0.04, abs=0.04)


@pytest.mark.parametrize("claimed", [1.0, 0.0])
async def test_a_header_that_says_less_is_not_believed(claimed: float, doors: Protection) -> None:
    facts = await probe(claiming(clip(*FAST, "-g", "15", suffix="matroska"), claimed), doors)
    assert facts.seconds == pytest.approx(3, abs=0.1)


async def test_a_recording_in_fragments_has_its_whole_length(doors: Protection) -> None:
    """Without an index of them at the end: its header knows the first at most."""
    data = clip(*FAST, "-g", "15", "-movflags", "frag_keyframe+empty_moov+skip_trailer")
    assert (await probe(data, doors)).seconds == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("suffix", ["mpegts", "mpeg"])
async def test_recordings_put_one_behind_the_other_are_as_long_as_all_of_them(
    suffix: str, doors: Protection, tmp_path: Path
) -> None:
    """Their times begin anew: nothing of them is cut off."""
    data = 3 * clip(*TONE[:-1], "mp2", "-c:v", "mpeg2video", suffix=suffix)
    assert (await probe(data, doors)).seconds == pytest.approx(9, abs=0.3)
    (tmp_path / "source").write_bytes(data)
    settings = Settings(show=Show(shots=0, preview=0))
    with (tmp_path / "source").open("rb") as source:
        done = await make(source.fileno(), tmp_path, settings, doors, lambda _: None)
    assert done.after.seconds == pytest.approx(9, abs=0.3)


async def test_what_goes_on_for_days_is_refused_soon(doors: Protection) -> None:
    endless = {
        "live": clip(*HOURS, *LIVE, pattern=DAYS, suffix="webm"),
        "a second, it says": claiming(clip(*HOURS, *FAST, pattern=DAYS, suffix="matroska"), 1.0),
    }
    for name, data in endless.items():
        began = time.monotonic()
        with pytest.raises(Refused) as caught:
            await probe(data, doors)
        assert caught.value.code == "too_long", name
        assert time.monotonic() - began < PROBE.seconds


async def test_a_header_that_makes_no_sense_is_the_videos_fault(doors: Protection) -> None:
    """A microsecond long and a megabyte large: no bit rate is as high."""
    data = claiming(clip(*FAST, "-frames:v", "1", suffix="matroska"), 1e-6) + bytes(1 << 20)
    with pytest.raises(Refused) as caught:
        await probe(data, doors)
    assert caught.value.code == "damaged"
