"""JPEG decoded to its own planes, by the system's libturbojpeg where there is one.

A photo is stored as luma and two chroma planes of half the size. Kept that way from decoding to encoding, nothing is
upsampled, converted and downsampled again, and half the samples are resized. The functions are those of TurboJPEG 2.0,
which version 3 still has (https://libjpeg-turbo.org/Documentation/Documentation).
"""

import ctypes
from functools import cache

import numpy

SAMPLING_420, COLORSPACE_YCBCR = 2, 1
STOP_ON_WARNING = 8192
# The decoder scales by these eighths as part of the inverse DCT.
EIGHTHS = (1, 2, 3, 4, 5, 6, 7, 8)


@cache
def library() -> ctypes.CDLL | None:
    """The library, None where it isn't installed."""
    try:
        lib = ctypes.CDLL("libturbojpeg.so.0")
    except OSError:
        return None
    handle, size, pointer = ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
    number, to_number = ctypes.c_int, ctypes.POINTER(ctypes.c_int)
    lib.tjInitDecompress.restype = handle
    lib.tjDestroy.argtypes = [handle]
    lib.tjDecompressHeader3.argtypes = [handle, pointer, size, to_number, to_number, to_number, to_number]
    planes, strides = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int)
    lib.tjDecompressToYUVPlanes.argtypes = [handle, pointer, size, planes, number, strides, number, number]
    return lib


def decode(data: memoryview, at_least: tuple[int, int]) -> list[numpy.ndarray] | None:
    """Luma, Cb and Cr of a photo in `data`: uint8 of shape (height, width), no smaller than (width, height) `at_least`.

    None when the library is missing, the file isn't plain 4:2:0, or the decoder has anything to complain about.
    """
    lib = library()
    if lib is None:
        return None
    source = numpy.frombuffer(data, numpy.uint8)
    handle = lib.tjInitDecompress()
    try:
        header = [ctypes.c_int() for _ in range(4)]
        if lib.tjDecompressHeader3(handle, source.ctypes.data, source.size, *map(ctypes.byref, header)):
            return None
        width, height, sampling, colorspace = (field.value for field in header)
        if (sampling, colorspace) != (SAMPLING_420, COLORSPACE_YCBCR):
            return None
        width, height = _scaled(width, height, at_least)
        planes = [_plane(width, height), *(_plane(-(-width // 2), -(-height // 2)) for _ in range(2))]
        pointers = (ctypes.c_void_p * 3)(*(plane.ctypes.data for plane in planes))
        strides = (ctypes.c_int * 3)(*(plane.strides[0] for plane in planes))
        failed = lib.tjDecompressToYUVPlanes(
            handle, source.ctypes.data, source.size, pointers, width, strides, height, STOP_ON_WARNING
        )
        return None if failed else planes
    finally:
        lib.tjDestroy(handle)


def _scaled(width: int, height: int, at_least: tuple[int, int]) -> tuple[int, int]:
    sizes = [(-(-width * eighths // 8), -(-height * eighths // 8)) for eighths in EIGHTHS]
    return next((size for size in sizes if size[0] >= at_least[0] and size[1] >= at_least[1]), (width, height))


def _plane(width: int, height: int) -> numpy.ndarray:
    """An uninitialized plane whose rows begin at multiples of four bytes.

    The memory has an even number of rows: of an odd picture the decoder writes one more, as its padded sizes tell.
    """
    return numpy.empty((-(-height // 2) * 2, -(-width // 4) * 4), numpy.uint8)[:height, :width]
