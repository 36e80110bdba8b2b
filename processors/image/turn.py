"""Turning pixels the way the EXIF orientation asks for."""

from collections.abc import Callable

import cv2
import numpy

# One photo a core: threads of the library would only fight over it.
cv2.setNumThreads(1)

# EXIF 2.32, tag 0x0112: how the stored rows and columns have to be moved to stand upright.
TURNS: dict[int, Callable[[numpy.ndarray], numpy.ndarray]] = {
    2: lambda array: cv2.flip(array, 1),
    3: lambda array: cv2.rotate(array, cv2.ROTATE_180),
    4: lambda array: cv2.flip(array, 0),
    5: cv2.transpose,
    6: lambda array: cv2.rotate(array, cv2.ROTATE_90_CLOCKWISE),
    7: lambda array: cv2.rotate(cv2.transpose(array), cv2.ROTATE_180),
    8: lambda array: cv2.rotate(array, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def turned(array: numpy.ndarray, orientation: int) -> numpy.ndarray:
    """`array`, of shape (height, width) or (height, width, channels), turned by an EXIF `orientation` (1-8)."""
    turn = TURNS.get(orientation)
    return array if turn is None else turn(array)
