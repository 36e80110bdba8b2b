"""A picture that was scaled to a box: what juts out cut off, or a ground put behind it.

By NumPy: the SIMD build's own crop and paste can be made to write outside of a picture (see ops/audits).
"""

import numpy
from PIL import Image

from processors.image.raster import Raster
from processors.recipes import Fit, VersionSpec

WHITE, CLEAR = 255, 0


def framed(picture: Raster, spec: VersionSpec, size: tuple[int, int]) -> Raster:
    """`picture`, of a source of `size` (width, height) and scaled as `spec` says, in its frame: always the middle.

    What has transparency is put on a clear ground, all else on white.
    """
    wanted = spec.framed(*size)
    if picture.size == wanted:
        return picture
    across, down = ((a - b) // 2 for a, b in zip(wanted, picture.size, strict=True))
    if spec.fitting is Fit.INSIDE:
        return picture  # a source whose proportions were rounded otherwise
    mode = "RGB" if picture.image.mode == "RGBX" else picture.image.mode
    pixels = numpy.asarray(picture.image.convert(mode))
    if spec.fitting is Fit.COVER:
        return _picture(pixels[-down : wanted[1] - down, -across : wanted[0] - across], mode)
    ground = numpy.full((wanted[1], wanted[0], *pixels.shape[2:]), CLEAR if mode == "RGBA" else WHITE, numpy.uint8)
    ground[down : down + picture.size[1], across : across + picture.size[0]] = pixels
    return _picture(ground, mode)


def on_white(image: Image.Image) -> Image.Image:
    """`image` without transparency, for formats that have none."""
    if image.mode != "RGBA":
        return image
    pixels = numpy.asarray(image).astype(numpy.uint16)
    colour, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    return Image.fromarray(((colour * alpha + WHITE * (255 - alpha) + 127) // 255).astype(numpy.uint8))


def _picture(pixels: "numpy.ndarray", mode: str) -> Raster:
    return Raster(Image.fromarray(numpy.ascontiguousarray(pixels), mode))
