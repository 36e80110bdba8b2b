"""The display matrix: how a picture is turned and flipped before it is shown."""

import math
import struct
from dataclasses import dataclass
from typing import Any

from av.video.frame import VideoFrame


@dataclass(frozen=True)
class Turn:
    """A point (x, y) of the coded picture is shown at (a x + c y, b x + d y); each is -1, 0 or 1."""

    a: int
    b: int
    c: int
    d: int

    @property
    def transposed(self) -> bool:
        return self.a == 0

    @property
    def mirrored(self) -> bool:
        return self.a * self.d - self.b * self.c < 0

    @property
    def degrees(self) -> int:
        """Clockwise: of what is left of it once a mirror has been taken off, from left to right."""
        across = -1 if self.mirrored else 1
        return round(math.degrees(math.atan2(across * self.b, across * self.a))) % 360


UPRIGHT = Turn(1, 0, 0, 1)


def turn_of(frame: VideoFrame) -> Turn:
    """How `frame` is to be turned: by what is nearest to its matrix, upright where it has none."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    matrix = b"" if data is None else bytes(data)
    if len(matrix) < 20:
        return UPRIGHT
    a, b, _, c, d = struct.unpack_from("<5i", matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(_sign(a), 0, 0, _sign(d))
    return Turn(0, _sign(b), _sign(c), 0)


def _sign(number: int) -> int:
    return -1 if number < 0 else 1
