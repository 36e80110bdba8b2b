"""What only a container's own elements and boxes tell: languages with a region, editions, and less that is shown."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from processors.video.codec import Codec
from processors.video.keeping.inventory import Kind, Stream
from processors.video.keeping.languages import says_more
from processors.video.view.matroska import chapters, cropped, tags
from processors.video.view.told import Told, tagged, told
from tests.processors import films
from tests.processors.remade import remade, wish

SEEK_HEAD, SEEK, SEEK_ID, SEEK_AT = "114d9b74", "4dbb", "53ab", "53ac"
CHAPTERS, EDITION, ATOM, DISPLAY, CLUSTER = "1043a770", "45b9", "b6", "80", "1f43b675"


def element(name: str, *parts: bytes) -> bytes:
    """Of EBML, its size in eight bytes."""
    data = b"".join(parts)
    return bytes.fromhex(name) + (len(data) | 1 << 56).to_bytes(8, "big") + data


def file(*parts: bytes) -> io.BytesIO:
    return io.BytesIO(element("1a45dfa3") + element("18538067", *parts))


TITLE = element(DISPLAY, element("85", b"One"), element("437c", b"eng"), element("437d", b"en"))
CHAPTER = element(ATOM, element("73c4", b"\1"), element("91", b"\0"), element("98", b"\0"), TITLE)
PLAIN = element(EDITION, element("45bd", b"\0"), element("45dd", b"\0"), element("45db", b"\1"), CHAPTER, CHAPTER)


@pytest.mark.parametrize(
    ("editions", "found"),
    [
        ([PLAIN], ""),
        ([PLAIN, PLAIN], "several editions"),
        ([element(EDITION, element("45dd", b"\1"), CHAPTER)], "an order of their own"),
        ([element(EDITION, element("45bd", b"\1"), CHAPTER)], "hidden ones"),
        ([element(EDITION, CHAPTER, element(ATOM, TITLE, element("98", b"\1")))], "hidden ones"),
        ([element(EDITION, element(ATOM, TITLE, element("4598", b"\0")))], "some that are switched off"),
        ([element(EDITION, element(ATOM, TITLE, element("6e67", bytes(16))))], "links to other files"),
        ([element(EDITION, element(ATOM, TITLE, CHAPTER))], "chapters inside of them"),
        ([element(EDITION, element(ATOM, TITLE, TITLE))], "titles in several languages"),
        ([element(EDITION, element(ATOM, TITLE, element("6944")))], "commands for a player"),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_what_of_chapters_can_not_be_kept(editions: list[bytes], found: str, behind: bool) -> None:
    """Before the pictures, or behind them where the file's index says so, at the second go."""
    told = element(CHAPTERS, *editions)
    if behind:
        head = len(_index(CHAPTERS, 0))
        cluster = element(CLUSTER, bytes(100))
        second = _index(CHAPTERS, head + len(cluster) + head)
        parts = [_index(SEEK_HEAD, head + len(cluster)), cluster, second, told]
    else:
        parts = [told, element(CLUSTER, bytes(100))]
    assert chapters(file(*parts)) == found


def _index(name: str, at: int) -> bytes:
    place = element(SEEK, element(SEEK_ID, bytes.fromhex(name)), element(SEEK_AT, at.to_bytes(4, "big")))
    return element(SEEK_HEAD, place)


def test_an_index_that_leads_in_a_circle_or_nowhere_comes_to_an_end() -> None:
    head = len(_index(SEEK_HEAD, 0))
    assert chapters(file(_index(SEEK_HEAD, 0), _index(SEEK_HEAD, head), _index(CHAPTERS, 1 << 30))) == ""


def test_languages_go_with_the_tracks_that_become_streams() -> None:
    """What is no track of pictures, sound or subtitles has no place among them: buttons (18)."""
    tracks = [
        element("ae", element("83", bytes([kind])), *([element("22b59d", tag)] if tag else []))
        for kind, tag in ((1, b""), (18, b"en"), (2, b"pt-BR\0"), (17, b"zh-Hant"))
    ]
    assert tags(file(element("1654ae6b", *tracks))) == ["", "pt-BR", "zh-Hant"]


@pytest.mark.parametrize(
    ("tag", "name", "more"),
    [
        ("", "deu", False),
        ("de", "ger", False),
        ("deu", "deu", False),
        ("und", "", False),
        ("pt-BR", "por", True),
        ("de", "eng", True),
        ("cmn", "chi", True),
        ("nb", "nob", False),
        ("x-own", "", True),
    ],
)
def test_what_a_tag_says_beyond_a_name(tag: str, name: str, more: bool) -> None:
    assert says_more(tag, name) is more


@pytest.mark.parametrize(
    ("film", "found"),
    [
        (films.brazilian, Told(tags={2: "pt-BR"})),
        (lambda: films.apertured(192), Told()),
        (lambda: films.apertured(180), Told(cropped=True)),
        (films.mp4, Told()),
        (films.camera, Told()),
        (films.ordered, Told(chapters="an order of their own", tags=dict.fromkeys(range(5), ""), by_place=True)),
    ],
)
def test_what_a_file_tells(film: Callable[[], bytes], found: Told) -> None:
    data = film()
    assert told(io.BytesIO(data), data[:64]) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (Told(tags={0: "", 1: "es"}, by_place=True), ["", "es", ""]),
        (Told(tags={0: "", 1: "es", 2: "pt-BR"}, by_place=True), ["pt-BR", "pt-BR", ""]),
        (Told(tags={0: "", 1: "es", 2: ""}, by_place=True), ["", "", ""]),
        (Told(tags={2: "pt-BR"}), ["", "pt-BR", ""]),
    ],
)
def test_whose_a_tag_is(told: Told, found: list[str]) -> None:
    """Of a track that became no stream nobody knows which it was: then none is taken for what it is not."""
    kinds = (Kind.VIDEO, Kind.AUDIO, Kind.ATTACHMENT)
    streams = [Stream(index=index, kind=kind, codec="none") for index, kind in enumerate(kinds)]
    assert [one.tag for one in tagged(streams, {0: 1, 1: 2, 2: 3}, told)] == found


@pytest.mark.parametrize("cut", range(0, 2000, 97))
def test_half_a_file_tells_no_more_than_there_is(cut: int) -> None:
    """And no error comes of it."""
    mkv, mp4 = films.matroska(), films.apertured(180)
    told(io.BytesIO(mkv[:cut]), mkv[:64])
    moov = mp4.index(b"moov") - 4
    told(io.BytesIO(mp4[: moov + cut]), mp4[:64])
    assert not cropped(io.BytesIO(mkv[:cut]))


@pytest.mark.parametrize(
    ("film", "reason"),
    [
        (lambda: films.spanish("es-419"), "stream 1 is in es-419, and its language would be spa"),
        (films.ordered, "its chapters have an order of their own, which would be lost"),
        pytest.param(films.brazilian, "stream 1 is in pt-BR, and its language would be por", marks=pytest.mark.long),
        pytest.param(lambda: films.apertured(180), "less of its pictures is shown", marks=pytest.mark.long),
    ],
)
async def test_what_would_be_lost_is_refused(film: Callable[[], bytes], reason: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=reason):
        await remade(film(), wish(Codec.AV1), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("film", [lambda: films.spanish("es"), lambda: films.apertured(192)])
async def test_what_says_the_same_twice_is_made_anew(film: Callable[[], bytes], tmp_path: Path) -> None:
    made = await remade(film(), wish(Codec.H264), tmp_path)
    verdict = await made.verdict()
    assert verdict.ok, verdict.failed
    assert not (await made.after()).unkept


@pytest.mark.parametrize(
    "data",
    [
        # An index that says where no file has anything.
        file(
            element(SEEK_HEAD, element(SEEK, element(SEEK_ID, bytes.fromhex(CHAPTERS)), element(SEEK_AT, b"\xff" * 8)))
        ),
        # A box, and boxes inside of one, that are longer than any file.
        io.BytesIO(b"\0\0\0\x01ftyp" + b"\xff" * 8 + bytes(40)),
        io.BytesIO(b"\0\0\0\x30moov\0\0\0\x01trak" + b"\xff" * 8 + bytes(40)),
    ],
)
def test_places_that_no_file_can_have_are_not_looked_at(data: io.BytesIO) -> None:
    found = told(data, data.getvalue()[:64])
    assert (found.cropped, found.chapters, found.tags) == (False, "", {})
