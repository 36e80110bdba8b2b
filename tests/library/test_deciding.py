"""What is decided about a file, from what is known of it alone."""

from typing import Any

import msgspec
import pytest

from appliance.library.deciding import decide, unopened
from appliance.library.outcomes import Found, Skip, Transcode, Why
from appliance.library.report import Report
from appliance.library.workflow import Loss, Rules, Source, Target
from processors.video.codec import Codec
from processors.video.facts import Sound, Transfer
from tests.processors.test_video_deciding import PLAIN

pytestmark = pytest.mark.pure
NOW = 1_800_000_000.0
SOURCE = Source(folder="/srv/films", settled="10m")
HOUR = msgspec.structs.replace(PLAIN, container="matroska,webm", size=3_600_000_000, seconds=3600.0)
H265 = Target(codec=Codec.H265)


def decided(facts: dict[str, Any], rules: dict[str, Any], target: Target = H265) -> Transcode | Skip:
    return decide(msgspec.structs.replace(HOUR, **facts), Rules(**rules), target)


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
        ({"codec": "hevc", "bit_rate": 2_100_000, "size": 945_000_000}, {"codecs": ("h265",)}, Why.CODEC),
        ({}, {"containers": ("mov", "avi")}, Why.CONTAINER),
        ({}, {"least_lines": 1081}, Why.LINES),
        ({}, {"most_lines": 1079}, Why.LINES),
        ({"shown_width": 1080, "shown_height": 1920}, {"least_lines": 1081}, Why.LINES),
        ({}, {"least_bit_rate": "8.1M"}, Why.BIT_RATE),
        ({"transfer": Transfer.PQ}, {}, Why.LOSS),
        ({"streams": 4}, {}, Why.LOSS),
        ({"streams": 2, "sound": None}, {}, Why.LOSS),
        ({"sound": Sound("ac3", 6, 48_000)}, {}, Why.LOSS),
        ({"transfer": Transfer.PQ, "streams": 4}, {"accept": (Loss.HDR,)}, Why.LOSS),
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
        ({"transfer": Transfer.PQ}, {"accept": (Loss.HDR,)}),
        ({"streams": 4}, {"accept": (Loss.STREAMS,)}),
        ({"sound": Sound("ac3", 6, 48_000)}, {"accept": (Loss.CHANNELS,)}),
    ],
)
def test_what_is_transcoded(facts: dict[str, Any], rules: dict[str, Any]) -> None:
    outcome = decided(facts, rules)
    assert isinstance(outcome, Transcode), outcome
    assert outcome.reason.startswith("transcoded to h265")


def test_the_estimate_is_what_is_asked_for_times_the_length() -> None:
    one = made({})
    assert (one.before, one.after, one.saving) == (3_600_000_000, 900_000_000, 2_700_000_000)
    assert one.cpu_seconds == pytest.approx(3600 * 2.17)
    assert one.saving_per_cpu_hour == pytest.approx(2_700_000_000 / 2.17)
    assert made({}, Target(codec=Codec.H265, bit_rates={1080: "1M"})).after == 450_000_000


def test_fewer_pixels_are_made_sooner_and_read_as_long() -> None:
    half = made({"width": 960, "height": 540, "shown_width": 960, "shown_height": 540})
    assert half.cpu_seconds == pytest.approx(3600 * 2.17 / 4)
    smaller = made({}, Target(codec=Codec.H265, most_lines=540))
    assert (smaller.width, smaller.height) == (960, 540)
    assert smaller.cpu_seconds == pytest.approx(3600 * 2.17 * (0.15 + 0.85 / 4))


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
