"""Harms done on purpose to files that were made anew: the verdict finds each, and nothing else."""

from pathlib import Path

import pytest

from processors.video.codec import Codec
from processors.video.keeping.verdict import Bars
from tests.processors import films
from tests.processors.films import broken, ran, rotten
from tests.processors.remade import Remade, remade, wish

STREAMS = ("-map", "0:v:0", "-map", "0:a", "-map", "0:s", "-map", "0:t")
# As it is: ffmpeg would leave out the time of its making, and mark the first stream of each kind.
PLAIN = (
    "-map_metadata",
    "0",
    "-default_mode",
    "passthrough",
    "-disposition:a",
    "0",
    "-disposition:s:0",
    "0",
    "-c",
    "copy",
)
ALL = ("-i", "a", *STREAMS, *PLAIN)
COVER = ("-attach", "cover.jpg", "-metadata:s:t:1", "mimetype=image/jpeg", "-metadata:s:t:1", "filename=cover.jpg")


@pytest.fixture
async def film(tmp_path: Path) -> Remade:
    """The same each time, from the first test on."""
    if not _FILM:
        made = await remade(films.matroska(), wish(Codec.H264), tmp_path)
        _FILM.append((made, (tmp_path / "source").read_bytes(), made.data))
    made, source, target = _FILM[0]
    (tmp_path / "source").write_bytes(source)
    (tmp_path / "target").write_bytes(target)
    return Remade(tmp_path, made.before, made.order, made.protection, [])


_FILM: list[tuple[Remade, bytes, bytes]] = []


def harmed(film: Remade, *words: str, all_of: tuple[str, ...] = ALL, cover: bool = True) -> bytes:
    """The result once more, with other words for it."""
    files = {"a": film.data, **films.beside()}
    return ran(*all_of, *words, *(COVER if cover else ()), files=files)


async def failed(film: Remade, data: bytes) -> set[str]:
    verdict = await film.verdict(data)
    assert not verdict.damaged_before
    return {one.name for one in verdict.failed}


async def test_nothing_is_found_where_nothing_was_done(film: Remade) -> None:
    assert await failed(film, harmed(film)) == set()


async def test_texts_and_flags_that_get_lost_are_found(film: Remade) -> None:
    """A language, a title, a chapter, a flag, a tag, a cover: each by its own check."""
    words = [
        "-metadata:s:a:1",
        "language=",
        "-metadata:s:a:0",
        "title=",
        "-disposition:s:1",
        "0",
        "-metadata",
        "title=",
    ]
    one = films.CHAPTERS[: films.CHAPTERS.rindex("[CHAPTER]")]
    files = {"a": film.data, "chapters": one.encode()}
    other = ran("-i", "a", "-i", "chapters", *STREAMS, *PLAIN, *words, "-map_chapters", "1", files=files)
    assert await failed(film, other) == {
        "streams",  # the cover
        "attachments",
        "languages",
        "titles",
        "chapters",
        "dispositions",
        "tags",
    }


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("-metadata:s:a:1", "language="), "languages"),
        (("-metadata:s:a:1", "language=fra"), "languages"),
        (("-metadata:s:a:0", "title=Other"), "titles"),
        (("-disposition:s:1", "0"), "dispositions"),
        (("-metadata", "title="), "tags"),
        (("-map_chapters", "-1"), "chapters"),
        (("-metadata:s:t:0", "filename=other.ttf"), "attachments"),
    ],
)
@pytest.mark.long
async def test_each_alone(film: Remade, words: tuple[str, ...], found: str) -> None:
    assert await failed(film, harmed(film, *words)) == {found}


@pytest.mark.long
@pytest.mark.parametrize("stream", ["0:a:1", "0:s:0", "0:t:0"])
async def test_a_stream_that_is_dropped_is_found(film: Remade, stream: str) -> None:
    assert "streams" in await failed(film, harmed(film, "-map", f"-{stream}", cover=False))


async def test_a_dropped_stream_of_sound_is_found(film: Remade) -> None:
    assert "streams" in await failed(film, harmed(film, "-map", "-0:a:1"))


BLACK = ("-c:v:0", "libx264", "-crf", "18", "-filter:v:0", "drawbox=color=black:t=fill:enable='between(t,0.9,1.9)'")
LATER = ("-i", "a", "-itsoffset", "0.15", "-i", "a", "-map", "0:v:0", "-map", "1:a:0", "-map", "0:a:1", *STREAMS[4:])


async def test_a_second_that_is_black_and_sound_that_is_shifted_are_found(film: Remade) -> None:
    found = await failed(film, harmed(film, *BLACK, all_of=(*LATER, *PLAIN)))
    assert {"starts", "length", "worst second"} <= found


@pytest.mark.long
async def test_a_second_that_is_black_alone_is_found(film: Remade) -> None:
    assert "starts" not in (found := await failed(film, harmed(film, *BLACK)))
    assert "worst second" in found


@pytest.mark.long
async def test_sound_that_is_shifted_alone_is_found(film: Remade) -> None:
    assert await failed(film, harmed(film, all_of=(*LATER, *PLAIN))) == {"starts", "length", "moments"}


async def test_an_end_that_is_missing_is_found(film: Remade) -> None:
    found = await failed(film, harmed(film, "-t", "1.5"))
    assert {"length", "times", "pictures", "copied"} <= found


@pytest.mark.long
async def test_a_file_that_was_cut_off_is_found(film: Remade) -> None:
    found = await failed(film, film.data[: len(film.data) * 3 // 4])
    assert {"times", "pictures"} <= found or "readable" in found


async def test_pictures_that_rot_are_found(film: Remade) -> None:
    assert "decoding" in await failed(film, rotten(film.data))


@pytest.mark.long
async def test_a_container_that_rots_is_found(film: Remade) -> None:
    assert await failed(film, broken(film.data))


@pytest.mark.long
async def test_one_byte_of_sound_is_found(film: Remade) -> None:
    """It may be decoded all the same, and is not what it was."""
    assert "copied" in await failed(film, harmed(film, "-bsf:a:0", "noise=amount=200"))


@pytest.mark.long
async def test_pictures_shown_at_other_times_are_found(film: Remade) -> None:
    assert "times" in await failed(film, harmed(film, "-bsf:v:0", "setts=pts=if(eq(N\\,20)\\,PTS+15\\,PTS)"))


FROM_709 = "scale=in_color_matrix=bt709:out_color_matrix=bt601"
TO_FULL, TO_LIMITED = "scale=in_range=tv:out_range=pc", "scale=in_range=pc:out_range=tv"
FEW_BLACK = "drawbox=color=black:t=fill:enable='between(t,0.9,1.09)'"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (f"hue=s=0,{FEW_BLACK}", {"colours", "worst pictures"}),
        pytest.param("swapuv", {"colours"}, marks=pytest.mark.long),
        pytest.param(FEW_BLACK, {"worst pictures"}, marks=pytest.mark.long),
        ("scale=in_color_matrix=bt601:out_color_matrix=bt709,setparams=colorspace=unknown", {"converted"}),
        pytest.param(f"{FROM_709},setparams=colorspace=unknown", {"converted"}, marks=pytest.mark.long),
        pytest.param(f"{TO_FULL},setparams=range=tv", {"vmaf", "converted"}, marks=pytest.mark.long),
        pytest.param(f"{TO_LIMITED},setparams=range=tv", {"converted"}, marks=pytest.mark.long),
    ],
)
async def test_what_the_eye_sees_at_once_is_found(film: Remade, filters: str, found: set[str]) -> None:
    words = ("-c:v:0", "libx264", "-preset", "ultrafast", "-crf", "14", "-filter:v:0", f"{filters},format=yuv420p")
    verdict = await film.verdict(harmed(film, *words), Bars())
    assert found <= {one.name for one in verdict.failed}


@pytest.mark.parametrize(
    "moved",
    [
        "-bsf:s:0 setts=pts=PTS+200*gte(N\\,1):dts=DTS+200*gte(N\\,1)",
        pytest.param("-bsf:s:0 setts=duration=30", marks=pytest.mark.long),
        pytest.param("-bsf:a:0 setts=ts=TS+400*gte(N\\,11)", marks=pytest.mark.long),
    ],
)
async def test_what_is_moved_inside_of_a_stream_is_found(film: Remade, moved: str) -> None:
    """Its beginning, its bytes and, in part, its end being the same."""
    assert "moments" in await failed(film, harmed(film, *moved.split()))
