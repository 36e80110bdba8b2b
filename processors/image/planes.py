"""A photo as the three planes JPEG stores: luma, and chroma of half the width and height."""

from dataclasses import dataclass

import cv2
import numpy
import simplejpeg
from PIL import Image

from processors.image.encoded import Encoded, jpeg
from processors.image.pixels import mapped, pixels
from processors.image.turn import turned

Box = tuple[float, float]


@dataclass(frozen=True)
class Planes:
    """`luma` has the shape (height, width); `chroma` are Cb and Cr, half of that, rounded up. All uint8."""

    luma: numpy.ndarray
    chroma: tuple[numpy.ndarray, numpy.ndarray]

    @property
    def size(self) -> tuple[int, int]:
        return self.luma.shape[1], self.luma.shape[0]

    def shrink(self, size: tuple[int, int]) -> "Planes":
        """Resampled to `size` (width, height) by LANCZOS."""
        if size == self.size:
            return self
        (width, height), (was_width, was_height) = size, self.size
        half = -(-width // 2), -(-height // 2)
        # What the chroma samples cover is a multiple of two pixels, so a little more than an odd picture.
        extent = half[0] * was_width / width, half[1] * was_height / height
        blue, red = (resample(plane, half, extent) for plane in self.chroma)
        return Planes(resample(self.luma, size, (was_width, was_height)), (blue, red))

    def upright(self, orientation: int) -> "Planes":
        """Turned by the EXIF `orientation`. Width and height have to be even: chroma can't begin half a sample late."""
        blue, red = (turned(plane, orientation) for plane in self.chroma)
        return Planes(turned(self.luma, orientation), (blue, red))

    def encode(self, profile: bytes | None, quality: int) -> Encoded:
        """As JPEG 4:2:0."""
        planes = (numpy.ascontiguousarray(plane) for plane in (self.luma, *self.chroma))
        return jpeg(simplejpeg.encode_jpeg_yuv_planes(*planes, quality), profile)


def resample(plane: numpy.ndarray, size: tuple[int, int], extent: Box) -> numpy.ndarray:
    """`plane`, uint8 of shape (height, width), from its corner to `extent` (width, height), resampled to `size`.

    Columns don't mix in a vertical pass, so four at a time pass for one RGBX pixel, for which Pillow-SIMD is made: it
    takes ten times as long for single bytes. The other axis is done the same way, lying on its side.
    """
    tall = _vertically(plane, size[1], extent[1])
    lying = _vertically(cv2.transpose(tall), size[0], extent[0])
    return cv2.transpose(lying)


def _vertically(plane: numpy.ndarray, height: int, extent: float) -> numpy.ndarray:
    was_height, width = plane.shape
    if height == was_height and extent >= was_height:
        return plane
    image = mapped(_fours(plane))
    box = (0.0, 0.0, float(image.width), min(extent, float(was_height)))
    shrunk = image.resize((image.width, height), Image.Resampling.LANCZOS, box=box)
    return pixels(shrunk).reshape(height, image.width * 4)[:, :width]


def _fours(plane: numpy.ndarray) -> numpy.ndarray:
    """`plane` as four bytes a pixel, of shape (height, width / 4 rounded up, 4); copied only if its rows don't fit."""
    height, width = plane.shape
    fours = -(-width // 4)
    if plane.strides != (fours * 4, 1):
        padded = numpy.empty((height, fours * 4), numpy.uint8)
        padded[:, :width] = plane
        plane = padded
    return numpy.lib.stride_tricks.as_strided(plane, (height, fours, 4), (fours * 4, 4, 1))
