"""What a container says that PyAV does not tell, and nothing writes anew: so that it is refused, and not lost."""

from dataclasses import dataclass, field
from typing import IO

import msgspec

from processors.video.keeping.inventory import Kind, Stream
from processors.video.view import matroska, mp4


@dataclass(frozen=True)
class Told:
    """cropped: less of the pictures is shown than there is. chapters: what of them can't be kept, "" for nothing.

    tags: languages by their BCP 47 tags: by a track's number, or by its place among all tracks, from 0 on, as
    `by_place` says. Tracks that have none are not in it, or have "".
    """

    cropped: bool = False
    chapters: str = ""
    tags: dict[int, str] = field(default_factory=dict)
    by_place: bool = False


def told(file: IO[bytes], signature: bytes) -> Told:
    """What the file with this beginning says. Leaves it anywhere."""
    if signature.startswith(matroska.EBML):
        tags = dict(enumerate(matroska.tags(file)))
        return Told(matroska.cropped(file), matroska.chapters(file), tags, by_place=True)
    if signature[4:8] in mp4.FIRST:
        return Told(mp4.cropped(file), "", mp4.tags(file))
    return Told()


def tagged(streams: list[Stream], numbers: dict[int, int], told: Told) -> tuple[Stream, ...]:
    """The same with the tags of their languages. numbers: of their tracks, by index.

    Where it can't be told whose a tag is, all get the one that says most: with a region, or a script.
    """
    tracks = [one.index for one in streams if one.kind not in (Kind.ATTACHMENT, Kind.PICTURE)]
    if not told.by_place:
        tags = {index: told.tags.get(number, "") for index, number in numbers.items()}
    elif len(told.tags) == len(tracks):
        tags = dict(zip(tracks, told.tags.values(), strict=True))
    else:
        tags = dict.fromkeys(tracks, max((tag for tag in told.tags.values() if "-" in tag), key=len, default=""))
    return tuple(msgspec.structs.replace(one, tag=tags.get(one.index, "")) for one in streams)
