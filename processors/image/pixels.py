"""A Pillow image's own memory as an array, without a copy.

Pillow keeps RGB as four bytes a pixel, which libjpeg-turbo encodes as it stands; going through bytes would copy every
picture twice. The memory is had by the Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html).
"""

import ctypes
from typing import Any

import numpy
from PIL import Image

# Arrow export needs an image in one block: larger than any version (2500 x 2500 x 4 bytes).
MAPPED = "mapped_array"
BLOCK_BYTES = 128 << 20
Image.core.set_block_size(BLOCK_BYTES)


class ArrowArray(ctypes.Structure):
    """The head of `struct ArrowArray`, as far as it is read here."""


ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))),
]

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class _Exported:
    """Array interface over exported memory; holds the capsule, and so the memory, for as long as an array uses it."""

    def __init__(self, address: int, shape: tuple[int, int, int], capsule: Any) -> None:
        self.__array_interface__ = {"data": (address, True), "shape": shape, "typestr": "|u1", "version": 3}
        self._capsule = capsule


def mapped(array: numpy.ndarray) -> Image.Image:
    """An RGBX image on the memory of `array`, uint8 of shape (height, width, 4). Changing one changes the other."""
    height, width = array.shape[:2]
    image = Image.frombuffer("RGBX", (width, height), array, "raw", "RGBX", 0, 1)
    # Pillow 12.1 crashes when asked to export memory that isn't its own, so the way back is kept here.
    setattr(image, MAPPED, array)
    return image


def pixels(image: Image.Image) -> numpy.ndarray:
    """The pixels of an RGB or RGBX `image`: uint8 of shape (height, width, 4), the fourth meaningless. Read only."""
    array = getattr(image, MAPPED, None)
    if array is not None:
        return array
    if image.readonly:
        image = image.copy()
    try:
        capsule = image.__arrow_c_array__()[1]
    except ValueError:  # more than one block
        return numpy.asarray(image.convert("RGBX"))
    exported = ArrowArray.from_address(_capsule_pointer(capsule, b"arrow_array"))
    address = exported.children[0].contents.buffers[1] + exported.offset * 4
    return numpy.asarray(_Exported(address, (image.height, image.width, 4), capsule))
