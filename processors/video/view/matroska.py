"""What a Matroska file says of itself that PyAV does not tell, by its elements (RFC 8794, RFC 9559).

Cropping, languages by their BCP 47 tags, and what its chapters have besides times and one title each. All of it is
looked for before the pictures, and where the file's own index says that it is.
"""

from collections.abc import Iterator
from typing import IO

EBML = b"\x1a\x45\xdf\xa3"
SEGMENT, CLUSTER, TRACKS, ENTRY, VIDEO = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xE0
INDEX, PLACE, PLACE_OF, PLACE_AT = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
CROPS = {0x54AA, 0x54BB, 0x54CC, 0x54DD}
KIND, LANGUAGE_TAG = 0x83, 0x22B59D
# Kinds of tracks that become streams: pictures, sound, subtitles, data.
STREAMS = {1, 2, 17, 33}
CHAPTERS, EDITION, ATOM, DISPLAY, EDITION_ORDERED = 0x1043A770, 0x45B9, 0xB6, 0x80, 0x45DD
# What a chapter or an edition may have, by what is lost with it: where it is there at all, and where it is not zero.
LOST = {0x6E67: "links to other files", ATOM: "chapters inside of them", 0x6944: "commands for a player"}
LOST_WHERE_SET = {EDITION_ORDERED: "an order of their own", 0x45BD: "hidden ones", 0x98: "hidden ones"}
ENABLED = 0x4598
# Elements of one kind of parent: what has more of them is left to others.
MOST = 1_000
TAG_BYTES = 60
Span = tuple[int, int]


def cropped(file: IO[bytes]) -> bool:
    """Whether a track says that less of its pictures is shown than there is."""
    return any(
        _number(file, *place)
        for entry in _entries(file)
        for video in _inside(file, *entry, VIDEO)
        for crop in CROPS
        for place in _inside(file, *video, crop)
    )


def tags(file: IO[bytes]) -> list[str]:
    """The language of each track that becomes a stream, in their order, "" where it has no tag."""
    found = []
    for entry in _entries(file):
        if any(_number(file, *kind) in STREAMS for kind in _inside(file, *entry, KIND)):
            said = [_read(file, at, min(end - at, TAG_BYTES)) for at, end in _inside(file, *entry, LANGUAGE_TAG)]
            found.append(said[-1].rstrip(b"\0").decode(errors="replace") if said else "")
    return found


def chapters(file: IO[bytes]) -> str:
    """What of its chapters can't be kept, "" for nothing."""
    editions = [one for place in _top(file, CHAPTERS) for one in _inside(file, *place, EDITION)]
    if len(editions) > 1:
        return "several editions"
    return next((lost for one in editions for lost in _lost(file, one)), "")


def _lost(file: IO[bytes], edition: Span) -> Iterator[str]:
    yield from _besides(file, edition, {})
    for atom in _inside(file, *edition, ATOM):
        yield from _besides(file, atom, LOST)
        if len(list(_inside(file, *atom, DISPLAY))) > 1:
            yield "titles in several languages"
        if any(not _number(file, *place) for place in _inside(file, *atom, ENABLED)):
            yield "some that are switched off"


def _besides(file: IO[bytes], parent: Span, lost: dict[int, str]) -> Iterator[str]:
    for element, words in lost.items():
        if any(True for _ in _inside(file, *parent, element)):
            yield words
    for element, words in LOST_WHERE_SET.items():
        if any(_number(file, *place) for place in _inside(file, *parent, element)):
            yield words


def _entries(file: IO[bytes]) -> Iterator[Span]:
    for tracks in _top(file, TRACKS):
        yield from _inside(file, *tracks, ENTRY)


def _top(file: IO[bytes], wanted: int) -> list[Span]:
    """Each such element of the outermost level, once."""
    found: list[Span] = []
    for begin, end in _inside(file, 0, file.seek(0, 2), SEGMENT):
        found += _inside(file, begin, end, wanted)
        for at in _indexed(file, (begin, end), wanted):
            found += [one for one in _at(file, begin + at, end, wanted) if one not in found]
    return found


def _indexed(file: IO[bytes], segment: Span, wanted: int) -> Iterator[int]:
    """Where the index says that they are, counted from the beginning of the segment. It may have a second part."""
    parts = list(_inside(file, *segment, INDEX))
    for part in parts:
        for place in _inside(file, *part, PLACE):
            of = [_number(file, *one) for one in _inside(file, *place, PLACE_OF)]
            for at in [_number(file, *one) for one in _inside(file, *place, PLACE_AT)]:
                if wanted in of:
                    yield at
                elif INDEX in of and len(parts) < MOST:
                    parts += [one for one in _at(file, segment[0] + at, segment[1], INDEX) if one not in parts]


def _at(file: IO[bytes], begin: int, end: int, wanted: int) -> list[Span]:
    """The one at `begin`, if there is one."""
    if begin >= end:  # as an index may say, by numbers that no file can have
        return []
    name, size, length = _head(_read(file, begin, 12))
    begin += length
    return [(begin, end if size is None else min(end, begin + size))] if length and name == wanted else []


def _inside(file: IO[bytes], begin: int, end: int, wanted: int) -> Iterator[Span]:
    """Where the data of each such element between `begin` and `end` begins and ends."""
    for _ in range(MOST):
        name, size, length = _head(_read(file, begin, 12))
        if not length or begin >= end or name == CLUSTER:
            return
        begin += length
        until = end if size is None else min(end, begin + size)
        if name == wanted:
            yield begin, until
        begin = until


def _head(data: bytes) -> tuple[int, int | None, int]:
    """The name of an element, its size, None for one that is not known, and the length of both; 0 for no element."""
    name = _length(data)
    size = _length(data[name:])
    if not name or not size or len(data) < name + size:
        return 0, 0, 0
    bits = 7 * size
    number = int.from_bytes(data[name : name + size], "big") & ((1 << bits) - 1)
    return int.from_bytes(data[:name], "big"), None if number == (1 << bits) - 1 else number, name + size


def _length(data: bytes) -> int:
    return 9 - data[0].bit_length() if data and data[0] else 0


def _number(file: IO[bytes], begin: int, end: int) -> int:
    return int.from_bytes(_read(file, begin, min(8, end - begin)), "big")


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)
