"""Another name, in the same folder, for a file that somebody else has put where another one belongs."""

import os
from itertools import count

from appliance.library.originals.spots import Spot, move

_LONGEST = 255  # bytes; what file systems take for a name
_LONGEST_EXTENSION = 32


def put_aside(spot: Spot, folder: int, name: str) -> str:
    """Move it into the folder as something like `name`, over nothing: what it is called there. Raises OSError."""
    for number in count(1):
        other = renamed(name, number)
        try:
            move(spot, Spot(folder, other))
        except FileExistsError:
            continue
        return other
    raise AssertionError("there is always another number")


def renamed(name: str, number: int) -> str:
    """`film.mkv` as `film.changed-1.mkv`, cut where it would be too long."""
    stem, extension = os.path.splitext(os.fsencode(name))
    if len(extension) > _LONGEST_EXTENSION:
        stem, extension = stem + extension, b""
    mark = b".changed-%d" % number
    return os.fsdecode(stem[: _LONGEST - len(mark) - len(extension)] + mark + extension)
