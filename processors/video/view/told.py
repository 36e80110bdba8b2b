"""What a container says that PyAV does not tell, and nothing writes anew: so that it is refused, and not lost."""

from dataclasses import dataclass, field
from typing import IO

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
