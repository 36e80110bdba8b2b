"""What is decided about a file, from what is known of it alone."""

from typing import Any

import msgspec
import pytest

from appliance.library.deciding import decide, ordered_by, unopened
from appliance.library.estimates import estimate
from appliance.library.outcomes import Found, Looked, Skip, Transcode, Why
from appliance.library.report import Report
from appliance.library.workflow import Limits, Loss, Rules, Sound, Source, Target, Workflow
from processors.video.codec import Codec
from processors.video.effort import DECODING
from processors.video.facts import Transfer, VideoFacts
from processors.video.keeping.effort import CPU_SECONDS, VERIFYING
from processors.video.keeping.inventory import Inventory, Kind, Light, Pictures, Stream
from processors.video.keeping.order import Order
from tests.processors.test_video_deciding import PLAIN

pytestmark = pytest.mark.pure
NOW = 1_800_000_000.0
SOURCE = Source(folder="/srv/films", settled="10m")
HOUR = msgspec.structs.replace(PLAIN, container="matroska,webm", size=3_600_000_000, seconds=3600.0)
H265 = Target(codec=Codec.H265)
PICTURES = Pictures(
    index=0,
    width=1920,
    height=1080,
    format="yuv420p",
    aspect=(1, 1),
    turn=(1, 0, 0, 1),
    rate=30.0,
    variable=False,
    interlaced=False,
    captions=False,
    light=Light(),
)
STEREO = Stream(index=1, kind=Kind.AUDIO, codec="aac", language="eng", channels=2)


def holding(streams: tuple[Stream, ...] = (STEREO,), facts: VideoFacts = HOUR, **pictures: Any) -> Inventory:
    size = {"width": facts.width, "height": facts.height}
    return Inventory(
        container="matroska",
        size=facts.size,
        start=0.0,
        seconds=facts.seconds,
        pictures=msgspec.structs.replace(PICTURES, **size, **pictures),
        streams=(Stream(index=0, kind=Kind.VIDEO, codec=facts.codec), *streams),
        chapters=(),
        tags={},
    )


def decided(
    facts: dict[str, Any],
    rules: dict[str, Any],
    target: Target = H265,
    streams: tuple[Stream, ...] = (),
    **pictures: Any,
) -> Transcode | Skip:
    of = msgspec.structs.replace(HOUR, **facts)
    workflow = Workflow(name="Films", source=SOURCE, target=target, rules=Rules(**rules))
    return decide(Looked(of, holding(streams, of, **pictures)), workflow)


def made(facts: dict[str, Any], target: Target = H265) -> Transcode:
    outcome = decided(facts, {}, target)
    assert isinstance(outcome, Transcode), outcome
    return outcome


def found(**different: Any) -> Found:
    return Found("/srv/films/a.mkv", 1_000_000_000, round((NOW - 86_400) * 1e9))._replace(**different)


@pytest.mark.parametrize(
    ("different", "rules", "why"),
    [
        ({}, {}, None),
        ({"size": 0}, {}, Why.EMPTY),
        ({"mtime_ns": round((NOW - 599) * 1e9)}, {}, Why.UNSETTLED),
        ({"mtime_ns": round((NOW - 601) * 1e9)}, {}, None),
        ({"mtime_ns": round((NOW + 86_400) * 1e9)}, {}, Why.UNSETTLED),
        ({}, {"least_age": "30d"}, Why.AGE),
        ({}, {"least_age": "23h"}, None),
        ({}, {"least_size": "1GiB"}, Why.SIZE),
        ({}, {"least_size": "1G"}, None),
        ({"links": 2}, {}, Why.HARD_LINKS),
    ],
)
def test_what_needs_no_look_inside(different: dict[str, Any], rules: dict[str, Any], why: Why | None) -> None:
    skip = unopened(found(**different), SOURCE, Rules(**rules), NOW)
    assert (skip and skip.why) == why


def test_a_time_that_is_to_come_is_told_as_such() -> None:
    skip = unopened(found(mtime_ns=round((NOW + 1) * 1e9)), SOURCE, Rules(), NOW)
    assert skip == Skip(Why.UNSETTLED, "it was written to in the future, by its time")


@pytest.mark.parametrize(
    ("facts", "rules", "why"),
    [
        ({"seconds": None, "bit_rate": None}, {}, Why.LENGTH),
        ({"seconds": 0.0}, {}, Why.LENGTH),
        ({"codec": "hevc"}, {}, Why.CODEC),
        ({"codec": "hevc"}, {"codecs": ("h264",)}, Why.CODEC),
        ({"codec": "hevc", "bit_rate": 2_100_000, "size": 945_000_000}, {"codecs": ("h265",)}, Why.SAVING),
        ({}, {"containers": ("mov", "avi")}, Why.CONTAINER),
        ({}, {"least_lines": 1081}, Why.LINES),
        ({}, {"most_lines": 1079}, Why.LINES),
        ({"shown_width": 1080, "shown_height": 1920}, {"least_lines": 1081}, Why.LINES),
        ({}, {"least_bit_rate": "8.1M"}, Why.BIT_RATE),
        ({}, {"least_saving": 76}, Why.SAVING),
        ({"bit_rate": 2_000_000, "size": 900_000_000}, {"least_saving": 0}, Why.SAVING),
        ({"bit_rate": 60_000, "size": 27_000_000}, {"least_saving": 0}, Why.SAVING),
    ],
)
def test_what_stays_as_it_is(facts: dict[str, Any], rules: dict[str, Any], why: Why) -> None:
    outcome = decided(facts, rules)
    assert isinstance(outcome, Skip)
    assert (outcome.why, bool(outcome.reason)) == (why, True)


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        ({}, {}),
        ({"codec": "hevc"}, {"codecs": ("h265",)}),
        ({"codec": "hevc"}, {"codecs": ("hevc", "mpeg4")}),
        ({}, {"containers": ("matroska",)}),
        ({}, {"least_lines": 1080, "most_lines": 1080, "least_bit_rate": "8M", "least_saving": 75}),
        ({"transfer": Transfer.PQ, "bits": 10}, {}),
    ],
)
def test_what_is_transcoded(facts: dict[str, Any], rules: dict[str, Any]) -> None:
    outcome = decided(facts, rules)
    assert isinstance(outcome, Transcode), outcome
    assert outcome.reason.startswith(f"it is {facts.get('codec', HOUR.codec)}")


@pytest.mark.parametrize(
    ("pictures", "loss"),
    [
        ({"interlaced": True}, Loss.INTERLACING),
        ({"format": "yuv422p"}, Loss.CHROMA),
        ({"format": "yuv422p", "interlaced": True}, None),
        ({"captions": True}, None),
        ({"light": Light(dolby=True)}, None),
        ({"light": Light(dynamic=True)}, None),
    ],
)
def test_nothing_is_lost_that_is_not_accepted(pictures: dict[str, Any], loss: Loss | None) -> None:
    kept = decided({}, {}, **pictures)
    assert isinstance(kept, Skip)
    assert kept.why is Why.LOSS
    accepting = decided({}, {"accept": (loss,) if loss else (Loss.CHROMA,)}, **pictures)
    assert isinstance(accepting, Transcode if loss else Skip)


def test_all_sound_and_subtitles_come_along_and_what_is_bulky_is_encoded_where_that_is_wished() -> None:
    flac = Stream(index=1, kind=Kind.AUDIO, codec="flac", language="eng", channels=6)
    words = Stream(index=2, kind=Kind.SUBTITLE, codec="subrip", language="ger")
    copied, encoded = (
        decided({}, {}, Target(codec=Codec.H265, sound=sound), (flac, words))
        for sound in (Sound(), Sound(codec="opus"))
    )
    assert isinstance(copied, Transcode)
    assert isinstance(encoded, Transcode)
    assert copied.after - encoded.after == (6 * 500_000 - 6 * 64_000) // 8 * 3600
    assert "sound 1 becomes opus of 384 kbit/s" in encoded.reason


def test_the_estimate_is_what_is_asked_for_times_the_length() -> None:
    one = made({})
    assert (one.before, one.after, one.saving) == (3_600_000_000, 900_000_000, 2_700_000_000)
    work = CPU_SECONDS[Codec.H265] + VERIFYING
    assert one.cpu_seconds == pytest.approx(3600 * work)
    assert one.saving_per_cpu_hour == pytest.approx(2_700_000_000 / work)
    assert made({}, Target(codec=Codec.H265, bit_rates={1080: "1M"})).after == 450_000_000
    stereo = decided({}, {}, streams=(STEREO,))
    assert isinstance(stereo, Transcode)
    assert stereo.after - one.after == 2 * 64_000 // 8 * 3600


def test_fewer_pixels_are_made_sooner_and_read_as_long() -> None:
    half = made({"width": 960, "height": 540, "shown_width": 960, "shown_height": 540})
    assert half.cpu_seconds == pytest.approx(3600 * (CPU_SECONDS[Codec.H265] + VERIFYING) / 4)
    smaller = made({}, Target(codec=Codec.H265, most_lines=540))
    assert (smaller.width, smaller.height) == (960, 540)
    encoding = CPU_SECONDS[Codec.H265] * (DECODING + (1 - DECODING) / 4)
    assert smaller.cpu_seconds == pytest.approx(3600 * (encoding + VERIFYING))


def test_the_best_are_kept_and_all_are_counted() -> None:
    report = Report(most=2)
    for number, lines in enumerate((1080, 360, 720, 540)):
        report.add(f"/{lines}", made({"width": lines * 16 // 9, "height": lines, "size": 3_600_000_000 - number}))
    for number in range(5):
        report.add(f"/{number}", Skip(Why.EMPTY, "it has no bytes"))
    assert [one.path for one in report.ranked] == ["/360", "/540"]
    assert (report.transcodes, report.before, report.after) == (4, 4 * 3_600_000_000 - 6, 4 * 900_000_000)
    assert (report.skips[Why.EMPTY], len(report.skipped), report.seen) == (5, 2, 9)


def test_of_equals_the_first_found_comes_first() -> None:
    report = Report(most=3)
    for name in "abcd":
        report.add(name, made({}))
    assert [one.path for one in report.ranked] == ["a", "b", "c"]


def test_what_would_not_end_in_its_time_is_not_begun() -> None:
    looked = Looked(HOUR, holding())
    workflow = Workflow(name="Films", source=SOURCE, target=H265, limits=Limits(cores=2))
    order = ordered_by(looked, workflow)
    assert isinstance(order, Order)
    work = estimate(HOUR, order).cpu_seconds
    assert isinstance(decide(looked, workflow, work / 2 + 1), Transcode)
    left = decide(looked, workflow, work / 2 - 1)
    assert isinstance(left, Skip)
    assert (left.why, left.cpu_seconds) == (Why.TOO_LONG, work)
    assert "hours" in left.reason
