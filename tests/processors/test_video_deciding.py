"""What is decided about a video, from its facts alone."""

from typing import Any

import msgspec
import pytest

from processors.video.choose import choose, hours
from processors.video.codec import Codec
from processors.video.decide import decide, fitted
from processors.video.encoders import pictures, sound
from processors.video.facts import Sound, Transfer, VideoFacts
from processors.video.filters import chain
from processors.video.less import as_it_is, less, smaller
from processors.video.settings import Settings
from processors.video.shares import picture_share, sound_share

PLAIN = VideoFacts(
    container="mov",
    size=10_000_000,
    streams=2,
    seconds=10.0,
    bit_rate=8_000_000,
    codec="h264",
    pixels="yuv420p",
    bits=8,
    width=1920,
    height=1080,
    shown_width=1920,
    shown_height=1080,
    rotation=0,
    mirrored=False,
    fps=30.0,
    base_fps=30.0,
    variable=False,
    interlaced=False,
    transfer=Transfer.SDR,
    wide=False,
    sound=Sound("aac", 2, 48_000),
)


def facts(**different: Any) -> VideoFacts:
    return msgspec.structs.replace(PLAIN, **different)


def large(width: int, height: int) -> VideoFacts:
    return facts(width=width, height=height, shown_width=width, shown_height=height, bit_rate=40_000_000)


def test_a_plain_video_is_transcoded_to_what_is_asked() -> None:
    plan = decide(PLAIN, Settings())
    assert (plan.codec, plan.copy, plan.container, plan.content_type) == (Codec.VP9, False, "webm", "video/webm")
    assert (plan.width, plan.height, plan.bit_rate, plan.fps) == (1920, 1080, 2_000_000, "30")
    assert plan.reasons == ("transcoded to vp9: it is h264",)


@pytest.mark.parametrize(("codec", "container"), [("vp9", "webm"), ("av1", "webm"), ("h265", "mp4"), ("h264", "mp4")])
def test_each_codec_has_its_container(codec: str, container: str) -> None:
    assert decide(facts(bit_rate=90_000_000), Settings(codec=Codec(codec))).container == container


@pytest.mark.parametrize(
    ("size", "asked"), [((1920, 1080), 2), ((640, 360), 2), ((1080, 1920), 2), ((3840, 2160), 4.5)]
)
def test_the_bit_rate_follows_the_shorter_side(size: tuple[int, int], asked: float) -> None:
    assert decide(large(*size), Settings()).bit_rate == asked * 1_000_000


def test_no_result_is_asked_to_be_larger_than_its_source() -> None:
    plan = decide(facts(bit_rate=700_000), Settings())
    assert plan.bit_rate == 700_000
    assert "asked for 700 kbit/s, as the source has no more" in plan.reasons


def test_of_little_the_least_is_asked_and_said() -> None:
    plan = decide(facts(bit_rate=60_000), Settings())
    assert plan.bit_rate == 100_000
    assert "asked for 100 kbit/s, the least, as the source has less" in plan.reasons
    assert "sound on one channel, as little is asked for" in plan.reasons


@pytest.mark.parametrize("bit_rate", [40_000, 100_000, 140_000, 200_000, 300_000, 500_000, 2_000_000])
def test_sound_leaves_the_pictures_more_than_half(bit_rate: int) -> None:
    """And with what a container takes all of it keeps to what is asked, a minute long."""
    share = sound_share(bit_rate)
    own = picture_share(bit_rate, share, 30, 60)
    assert bit_rate / 2 < own < bit_rate - share.bit_rate


LECTURE = facts(seconds=7 * 3600.0, bit_rate=1_900_000, size=7 * 3600 * 1_900_000 // 8)


def test_a_long_video_is_made_smaller_so_that_it_can_be_done_in_time() -> None:
    choice = choose(LECTURE, Settings())
    assert (choice.plan.fits, choice.plan.height) == (True, 720)
    assert choice.plan.reasons[-1] == "larger, it would take more than the 6 hours that a video may take"
    assert sum(choice.efforts(LECTURE)) < 6 * 3600
    assert choose(LECTURE, Settings(seconds=86_400)).plan.height == 1080
    assert choose(LECTURE, Settings(threads=8)).plan.height == 1080


def test_a_ladder_takes_its_time_as_well() -> None:
    whole, ladder = Settings(), Settings(ladder=(360, 720, 1080))
    film = facts(seconds=3 * 3600.0)
    assert choose(film, whole).plan.height == 1080
    choice = choose(film, ladder)
    assert (choice.plan.height, [rung.plan.height for rung in choice.ladder]) == (720, [360, 720])


def test_what_is_copied_takes_no_time() -> None:
    choice = choose(msgspec.structs.replace(LECTURE, **COPIED), Settings(codec=Codec.H264))
    assert (choice.plan.copy, choice.plan.fits) == (True, True)


def test_a_video_that_is_copied_is_not_made_smaller_for_its_ladder() -> None:
    copied = msgspec.structs.replace(LECTURE, seconds=6 * 3600.0, **COPIED)
    settings = Settings(codec=Codec.H264, ladder=(360, 720, 1080))
    choice = choose(copied, settings)
    assert choice.plan.copy
    assert [rung.plan.height for rung in choice.ladder] == [360, 720]
    assert choice.plan.reasons[-1] == "a ladder of more rungs would take more than the 6 hours that a video may take"
    day = choose(msgspec.structs.replace(copied, seconds=86_400.0), settings)
    assert (day.plan.copy, day.plan.fits, day.ladder) == (True, True, ())


def test_what_no_size_makes_short_enough_does_not_fit() -> None:
    choice = choose(facts(seconds=86_400.0), Settings(ladder=(360,)))
    assert (choice.plan.fits, choice.plan.height) == (False, 360)
    assert (hours(21_600), hours(90)) == ("6 hours", "1.5 minutes")


def test_no_rung_is_asked_to_be_larger_than_its_source() -> None:
    """So that the room on disk which is counted for it will do."""
    low = facts(bit_rate=500_000)
    assert [rung.plan.bit_rate for rung in choose(low, Settings(ladder=(360, 1080))).ladder] == [500_000, 500_000]


def test_less_is_asked_for_of_what_came_out_too_large() -> None:
    plan = decide(facts(bit_rate=200_000), Settings())
    again = less(plan, 40_000, 20_000)
    assert again.bit_rate == 85_000
    assert again.sound_share.bit_rate < plan.sound_share.bit_rate
    assert again.reasons[-1] == "made again by vp9, for 85 kbit/s: more than asked for came out"
    copied = less(decide(facts(**COPIED), Settings(codec=Codec.H264)), 40_000, 20_000)
    assert (copied.copy, len(copied.reasons)) == (False, 1)
    assert (smaller(again).width, smaller(again).height) == (960, 540)


@pytest.mark.parametrize(
    ("different", "codec"),
    [
        ({}, Codec.H264),
        ({"codec": "vp9", "sound": Sound("opus", 2, 48_000)}, Codec.VP9),
        ({"codec": "vp9"}, None),
        ({"codec": "mpeg4"}, None),
        ({"codec": "hevc"}, None),
        ({"rotation": 90, "shown_width": 1080, "shown_height": 1920}, None),
        ({"interlaced": True}, None),
    ],
)
def test_what_can_be_kept_as_it_is(different: dict[str, Any], codec: Codec | None) -> None:
    """In the container of its own codec, where browsers play that."""
    found = facts(**different)
    own = as_it_is(found, decide(found, Settings()))
    assert (own and own.codec) == codec
    if own:
        assert (own.copy, own.copy_sound, own.width) == (True, True, 1920)


def test_what_is_too_large_is_made_smaller_and_never_larger() -> None:
    plan = decide(large(7680, 4320), Settings())
    assert (plan.width, plan.height) == (3840, 2160)
    assert "made smaller, from 7680 x 4320 to 3840 x 2160" in plan.reasons
    assert fitted(641, 359, 1080) == (640, 360)
    assert fitted(1, 1, 1080) == (2, 2)


COPIED = {"codec": "h264", "bit_rate": 2_100_000}


def test_what_is_right_already_is_copied() -> None:
    plan = decide(facts(**COPIED), Settings(codec=Codec.H264))
    assert (plan.copy, plan.copy_sound) == (True, True)
    assert plan.reasons == ("the pictures are copied: nothing about them has to change",)


@pytest.mark.parametrize("different", [{"variable": True}, {"fps": 120.0}, {"bit_rate": 60_000}])
def test_of_pictures_that_are_copied_nothing_is_said_to_change(different: dict[str, Any]) -> None:
    plan = decide(facts(**{**COPIED, **different}), Settings(codec=Codec.H264))
    assert plan.copy
    assert plan.reasons == ("the pictures are copied: nothing about them has to change",)


@pytest.mark.parametrize(
    ("different", "why"),
    [
        ({"bit_rate": 2_400_000}, "it has more than the 2000 kbit/s asked for"),
        ({"bit_rate": None}, "its bit rate is unknown"),
        ({"transfer": Transfer.PQ}, "its pictures are yuv420p, pq"),
        ({"pixels": "yuv444p"}, "its pictures are yuv444p"),
        ({"rotation": 90, "shown_width": 1080, "shown_height": 1920}, "its size or position changes"),
        ({"mirrored": True}, "its size or position changes"),
        ({"interlaced": True}, "it is interlaced"),
        ({"codec": "hevc"}, "it is hevc"),
    ],
)
def test_why_a_video_is_not_copied(different: dict[str, Any], why: str) -> None:
    plan = decide(facts(**{**COPIED, **different}), Settings(codec=Codec.H264))
    assert not plan.copy
    assert any(why in reason for reason in plan.reasons), plan.reasons


@pytest.mark.parametrize(
    ("fps", "variable", "expected"),
    [
        (29.97, False, "30000/1001"),
        (23.976024, False, "24000/1001"),
        (120.0, False, "60"),
        (240.0, False, "60"),
        (28.3, True, "29.97"),
        (12.0, True, "15"),
        (90.0, True, "60"),
        (None, True, "30"),
    ],
)
def test_a_result_has_a_constant_rate(fps: float | None, variable: bool, expected: str) -> None:
    named = {"29.97": "30000/1001"}.get(expected, expected)
    assert decide(facts(fps=fps, variable=variable), Settings()).fps == named


def test_light_and_position_are_told() -> None:
    plan = decide(facts(transfer=Transfer.HLG, wide=True, rotation=90, sound=None), Settings())
    assert "brought down from HDR (hlg) to SDR" in plan.reasons
    assert "turned upright: 90 degrees" in plan.reasons
    assert "there is no sound" in plan.reasons
    assert "arib-std-b67" in chain(plan, 64, 64)
    assert sound(plan) == ("-an",)
    assert "zscale" not in chain(decide(PLAIN, Settings()), 64, 64)


@pytest.mark.parametrize("codec", list(Codec))
def test_threads_are_bounded(codec: Codec) -> None:
    words = pictures(decide(large(3840, 2160), Settings(codec=codec, threads=3)), 4_000_000)
    assert words[words.index("-threads") + 1] == "3"
    if codec is Codec.AV1:
        assert "lp=3" in " ".join(words)
    if codec is Codec.H265:
        assert "pools=3" in " ".join(words)
