"""A photo as the three planes JPEG stores: luma, and chroma of half the width and height."""

from dataclasses import dataclass

import cv2
import numpy
import simplejpeg
from PIL import Image

from processors.image.encoded import Encoded, jpeg
from processors.image.pixels import mapped, pixels
from processors.image.turn import turned

# Orientations that make the stored right edge, or the bottom, a left or an upper one: (across, down).
REVERSED = {2: (True, False), 3: (True, True), 4: (False, True), 6: (False, True), 7: (True, True), 8: (True, False)}


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
        """Turned by the EXIF `orientation`.

        The last chroma sample of an odd picture lies half outside. Where the turn makes it the first, chroma is moved
        by half a sample, for it always begins at the edge.
        """
        across, down = REVERSED.get(orientation, (False, False))
        chroma = self.chroma
        if across and self.size[0] % 2:
            chroma = (cv2.transpose(_moved(cv2.transpose(chroma[0]))), cv2.transpose(_moved(cv2.transpose(chroma[1]))))
        if down and self.size[1] % 2:
            chroma = (_moved(chroma[0]), _moved(chroma[1]))
        return Planes(turned(self.luma, orientation), (turned(chroma[0], orientation), turned(chroma[1], orientation)))

    def encode(self, profile: bytes | None, quality: int) -> Encoded:
        """As JPEG 4:2:0."""
        return jpeg(simplejpeg.encode_jpeg_yuv_planes(_even(self.luma), *self.chroma, quality), profile)


def resample(plane: numpy.ndarray, size: tuple[int, int], extent: tuple[float, float]) -> numpy.ndarray:
    """`plane`, uint8 of shape (height, width), from its corner to `extent` (width, height), resampled to `size`.

    Columns don't mix in a vertical pass, so four at a time pass for one RGBX pixel, for which Pillow-SIMD is made: it
    takes ten times as long for single bytes. The other axis is done the same way, lying on its side.
    """
    tall = _vertically(plane, size[1], 0.0, extent[1])
    lying = _vertically(cv2.transpose(tall), size[0], 0.0, extent[0])
    return cv2.transpose(lying)


def _vertically(plane: numpy.ndarray, height: int, start: float, end: float) -> numpy.ndarray:
    """The rows from `start` to `end` resampled to `height` rows."""
    was_height, width = plane.shape
    end = min(end, float(was_height))
    if (height, start, end) == (was_height, 0.0, was_height):
        return plane
    image = mapped(_fours(plane))
    box = (0.0, start, float(image.width), end)
    shrunk = image.resize((image.width, height), Image.Resampling.LANCZOS, box=box)
    return pixels(shrunk).reshape(height, image.width * 4)[:, :width]


def _moved(plane: numpy.ndarray) -> numpy.ndarray:
    """The rows of `plane` as they would be half a row earlier."""
    height = plane.shape[0]
    return _vertically(numpy.concatenate([plane[:1], plane]), height, 0.5, height + 0.5)


def _even(plane: numpy.ndarray) -> numpy.ndarray:
    """`plane` in memory of an even width and height, edges repeated: the encoder reads pairs of luma pixels."""
    height, width = plane.shape
    if height % 2 == width % 2 == 0:
        return plane
    padded = numpy.empty((height + height % 2, width + width % 2), numpy.uint8)
    padded[:height, :width] = plane
    padded[height:, :width] = plane[-1:]
    padded[:, width:] = padded[:, width - 1 : width]
    return padded[:height, :width]


def _fours(plane: numpy.ndarray) -> numpy.ndarray:
    """`plane` as four bytes a pixel, of shape (height, width / 4 rounded up, 4); copied only if its rows don't fit."""
    height, width = plane.shape
    fours = -(-width // 4)
    if plane.strides != (fours * 4, 1):
        padded = numpy.empty((height, fours * 4), numpy.uint8)
        padded[:, :width] = plane
        plane = padded
    return numpy.lib.stride_tricks.as_strided(plane, (height, fours, 4), (fours * 4, 4, 1))
