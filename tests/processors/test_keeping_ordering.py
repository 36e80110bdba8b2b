"""How a file is to be made anew, or why it stays as it is: pure."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from processors.video.codec import Codec
from processors.video.facts import Sound, Transfer, VideoFacts
from processors.video.keeping.effort import cpu_seconds, too_long, verifying_seconds
from processors.video.keeping.inventory import Chapter, Inventory, Kind, Light, Pictures, Stream
from processors.video.keeping.order import How, Order, Refusal
from processors.video.keeping.ordering import ordered
from processors.video.keeping.watching import Worst, worst_stretch
from processors.video.keeping.wishes import SoundWish, Wish
from processors.video.keeping.words import chain, output

FACTS = VideoFacts(
    container="matroska,webm",
    size=10_000_000,
    streams=2,
    seconds=100.0,
    bit_rate=800_000,
    codec="h264",
    pixels="yuv420p",
    bits=8,
    width=1920,
    height=1080,
    shown_width=1920,
    shown_height=1080,
    rotation=0,
    mirrored=False,
    fps=25.0,
    base_fps=25.0,
    variable=False,
    interlaced=False,
    transfer=Transfer.SDR,
    wide=False,
    sound=Sound("aac", 2, 48_000),
)
PICTURES = Pictures(
    index=0,
    width=1920,
    height=1080,
    format="yuv420p",
    aspect=(1, 1),
    turn=(1, 0, 0, 1),
    rate=25.0,
    variable=False,
    interlaced=False,
    captions=False,
    light=Light(),
)
VIDEO = Stream(index=0, kind=Kind.VIDEO, codec="h264")
FILM = Inventory(
    container="matroska",
    size=10_000_000,
    start=0.0,
    seconds=100.0,
    pictures=PICTURES,
    streams=(VIDEO,),
    chapters=(),
    tags={},
)
WISH = Wish(Codec.AV1, 2_000_000)


def film(*others: dict[str, Any], container: str = "matroska", **pictures: Any) -> Inventory:
    """One with these streams besides its pictures."""
    streams = [Stream(index=index, **one) for index, one in enumerate(others, 1)]
    light = pictures.pop("light", {})
    shown = msgspec.structs.replace(PICTURES, light=Light(**light), **pictures)
    return msgspec.structs.replace(FILM, container=container, pictures=shown, streams=(VIDEO, *streams))


def sound(codec: str, language: str = "", **others: Any) -> dict[str, Any]:
    return {"kind": Kind.AUDIO, "codec": codec, "language": language, "channels": 2, **others}


def text(codec: str, language: str = "") -> dict[str, Any]:
    return {"kind": Kind.SUBTITLE, "codec": codec, "language": language}


def order(inventory: Inventory, wish: Wish = WISH, facts: VideoFacts = FACTS) -> Order:
    made = ordered(inventory, facts, wish)
    assert isinstance(made, Order), made
    return made


@pytest.mark.parametrize(
    ("pictures", "wish", "reason"),
    [
        ({"light": {"dolby": True}}, WISH, "Dolby Vision"),
        ({"light": {"dynamic": True}}, WISH, "HDR10+"),
        ({"light": {"bits": 12}}, WISH, "12 bits"),
        ({"captions": True}, WISH, "captions"),
        ({"alpha": True}, WISH, "transparent"),
        ({"changes": "size"}, WISH, "size of its pictures changes"),
        ({"around": {"STEREO3D": "00"}}, WISH, "two eyes"),
        ({"interlaced": True}, WISH, "interlaced"),
        ({"format": "yuv422p"}, WISH, "4:2:0"),
        ({"format": "yuva420p"}, WISH, "yuva420p"),
        ({"format": "rgb24"}, WISH, "rgb24"),
        ({"width": 1919}, WISH, "odd"),
    ],
)
def test_what_could_not_be_kept_is_refused(pictures: dict[str, Any], wish: Wish, reason: str) -> None:
    made = ordered(film(**pictures), FACTS, wish)
    assert isinstance(made, Refusal)
    assert reason in made.reason


def test_hdr_is_refused_for_h264_alone() -> None:
    facts = msgspec.structs.replace(FACTS, transfer=Transfer.PQ)
    hdr = film(format="yuv420p10le", light={"bits": 10, "transfer": 16})
    assert isinstance(ordered(hdr, facts, replace(WISH, codec=Codec.H264)), Refusal)
    for codec in (Codec.AV1, Codec.H265, Codec.VP9):
        made = order(hdr, replace(WISH, codec=codec), facts)
        assert (made.bits, made.pixels, made.hdr) == (10, "yuv420p10le", True)


@pytest.mark.parametrize(
    ("container", "others", "codec", "into"),
    [
        ("mov", [sound("aac"), text("mov_text")], Codec.AV1, "mp4"),
        ("mov", [sound("aac"), {"kind": Kind.PICTURE, "codec": "mjpeg"}], Codec.H264, "mp4"),
        ("mov", [sound("pcm_s16le")], Codec.H265, "matroska"),
        ("webm", [sound("opus"), text("webvtt")], Codec.VP9, "webm"),
        ("webm", [sound("opus")], Codec.H265, "matroska"),
        ("matroska", [sound("opus")], Codec.VP9, "matroska"),
        ("avi", [sound("mp3")], Codec.H264, "matroska"),
    ],
)
def test_it_stays_in_its_family_where_that_holds_all(
    container: str, others: list[dict[str, Any]], codec: Codec, into: str
) -> None:
    assert order(film(*others, container=container), replace(WISH, codec=codec)).container == into


def test_tags_of_its_own_and_a_cover_do_not_go_into_one_mp4() -> None:
    cover, tags = {"kind": Kind.PICTURE, "codec": "mjpeg"}, {"com.apple.quicktime.make": "Maker"}
    assert order(msgspec.structs.replace(film(container="mov"), tags=tags)).all_tags
    both = order(msgspec.structs.replace(film(cover, container="mov"), tags=tags))
    assert (both.container, both.all_tags) == ("matroska", False)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": Kind.DATA, "codec": "bin_data"},
        {"kind": Kind.SUBTITLE, "codec": "eia_608"},
        {"kind": Kind.AUDIO, "codec": "adpcm_ms"},
        {"kind": Kind.ATTACHMENT, "codec": "none"},
        {"kind": Kind.AUDIO, "codec": "aac", "dispositions": ("karaoke",)},
    ],
)
def test_streams_that_have_no_place_are_refused(other: dict[str, Any]) -> None:
    made = ordered(film(other), FACTS, WISH)
    assert isinstance(made, Refusal)
    assert "stream 1" in made.reason


def test_data_is_left_out_where_that_is_allowed_and_chapters_are_written_anew() -> None:
    data = {"kind": Kind.DATA, "codec": "bin_data"}
    made = order(film(data), replace(WISH, drop_data=True))
    assert [one.stream.index for one in made.kept] == [0]
    assert made.reasons == ("a stream of data (bin_data) is left out",)
    track = {**data, "of_chapters": True}
    told = msgspec.structs.replace(film(track, container="mov"), chapters=(Chapter(0, 1, "One"),))
    assert order(told).container == "mp4"
    readings = msgspec.structs.replace(film(track, data, container="mov"), chapters=(Chapter(0, 1, "One"),))
    refused = ordered(readings, FACTS, WISH)
    assert isinstance(refused, Refusal)
    assert "stream 2" in refused.reason


def test_languages_are_chosen_and_the_last_sound_stays() -> None:
    inventory = film(sound("aac", "deu"), sound("aac", "eng"), sound("aac"), text("subrip", "deu"), text("ass", "fra"))
    only = replace(WISH, sound=SoundWish(languages=("eng",)), subtitles=("fra",))
    made = order(inventory, only)
    assert [one.stream.index for one in made.kept] == [0, 2, 3, 5]
    assert made.reasons == ("sound in deu is left out", "subtitles in deu are left out")
    none = order(film(sound("aac", "deu")), replace(WISH, sound=SoundWish(languages=("eng",))))
    assert [one.stream.index for one in none.kept] == [0, 1]


@pytest.mark.parametrize("wished", ["deu", "ger", "de", "DE-at"])
@pytest.mark.parametrize("tag", ["deu", "ger", "de-DE", "de", "qaa", "mul", "und", "German"])
def test_a_language_has_many_names(wished: str, tag: str) -> None:
    inventory = film(sound("aac", tag), sound("aac", "fre"), text("subrip", tag), text("ass", "fr-CA"))
    made = order(inventory, replace(WISH, sound=SoundWish(languages=(wished,)), subtitles=(wished,)))
    assert [one.stream.index for one in made.kept] == [0, 1, 3]


def test_subtitles_are_not_all_lost_by_their_tags() -> None:
    made = order(film(text("subrip", "jpn"), text("ass", "kor")), replace(WISH, subtitles=("eng",)))
    assert [one.stream.index for one in made.kept] == [0, 1, 2]


def test_only_bulky_sound_is_encoded() -> None:
    inventory = film(
        sound("flac", channels=6),
        sound("aac"),
        sound("dts", profile="DTS-HD MA"),
        sound("dts", profile="DTS"),
        sound("pcm_s24le", channels=1),
        sound("truehd", channels=7),
    )
    made = order(inventory, replace(WISH, sound=SoundWish("opus", 50_000)))
    assert [(one.how, one.codec, one.bit_rate) for one in made.kept[1:]] == [
        (How.SOUND, "opus", 300_000),
        (How.COPY, "aac", 0),
        (How.SOUND, "opus", 100_000),
        (How.COPY, "dts", 0),
        (How.SOUND, "opus", 50_000),
        (How.COPY, "truehd", 0),  # seven channels are no layout that both know
    ]


def test_every_stream_is_named_for_ffmpeg_and_covers_come_from_beside() -> None:
    cover = {"kind": Kind.PICTURE, "codec": "mjpeg", "name": "cover.jpg", "mime": "image/jpeg"}
    inventory = film(cover, sound("aac"), container="matroska")
    made = order(inventory)
    words = output(made, inventory)
    assert [after for word, after in pairwise(words) if word == "-map"] == ["0:0", "0:2", "1:0"]
    assert words[words.index("-c:0") + 1] == "libsvtav1"


def test_larger_pictures_shrink_as_coded_whatever_way_they_are_turned() -> None:
    facts = msgspec.structs.replace(FACTS, shown_width=1080, shown_height=1920, rotation=90)
    made = order(film(turn=(0, 1, -1, 0)), replace(WISH, most_lines=720), facts)
    assert (made.width, made.height, made.scaled) == (1280, 720, True)
    wide = msgspec.structs.replace(FACTS, width=720, height=576, shown_width=1024, shown_height=576)
    made = order(film(width=720, height=576, aspect=(64, 45)), replace(WISH, most_lines=288), wide)
    assert (made.width, made.height) == (360, 288)


def test_what_only_its_size_told_is_written_where_it_is_made_smaller() -> None:
    small, tag = replace(WISH, most_lines=480), "colorspace=bt709"
    assert tag in chain(order(FILM, small), FILM)
    assert tag not in chain(order(FILM), FILM)
    said = film(light={"matrix": 6})
    assert tag not in chain(order(said, small), said)


def test_what_takes_too_long_is_said_before() -> None:
    assert too_long(3600, 3600) is None
    refused = too_long(864_000, 604_800)
    assert refused is not None
    assert "240 hours" in refused.reason


def test_the_worst_second_is_the_least_mean_of_a_second() -> None:
    likeness = [0.9] * 30 + [0.1] * 5 + [0.9] * 15
    assert worst_stretch(likeness, 10.0, 1.0) == Worst(pytest.approx(0.5), 2.5, pytest.approx(0.82))
    assert worst_stretch([], 10.0, 1.0) is None
    assert worst_stretch([0.5], 10.0, 1.0) == Worst(0.5, 0.0, 0.5)


def test_effort_goes_with_length_and_pixels() -> None:
    whole = order(FILM)
    small = order(FILM, replace(WISH, most_lines=540))
    assert cpu_seconds(FACTS, small) < cpu_seconds(FACTS, whole)
    longer = replace(whole, seconds=2 * whole.seconds)
    assert cpu_seconds(FACTS, longer) == pytest.approx(2 * cpu_seconds(FACTS, whole))
    assert 0 < verifying_seconds(FACTS, whole) < cpu_seconds(FACTS, whole)


def test_a_language_is_the_one_that_its_tag_says() -> None:
    """Matroska that names one by a tag alone is English to who does not read it. What is left out may have any."""
    heard = film(sound("aac", "eng", tag="de"), sound("aac", "por", tag="pt-BR"), sound("aac", "fra", tag="fr"))
    refused = ordered(heard, FACTS, replace(WISH, sound=SoundWish(languages=("deu", "fra"))))
    assert isinstance(refused, Refusal)
    assert refused.reason == "stream 1 is in de, and its language would be eng"
    kept = order(heard, replace(WISH, sound=SoundWish(languages=("fra",))))
    assert [one.stream.index for one in kept.kept] == [0, 3]
