"""Looking at versions."""

import io

import numpy
from PIL import Image

from processors.results import Developed, Version


def version(developed: Developed, name: str) -> Version:
    return next(v for v in developed.versions if v.name == name)


def opened(made: Version) -> Image.Image:
    """The version, decoded by what it says it is."""
    image = Image.open(io.BytesIO(made.data), formats=["JPEG" if made.extension == "jpg" else "WEBP"])
    image.load()
    return image


def color_at(image: Image.Image, across: float, down: float) -> tuple[int, ...]:
    """The color at a place given in parts of the width and the height."""
    pixel = image.getpixel((int(image.width * across), int(image.height * down)))
    channels = pixel if isinstance(pixel, tuple) else (pixel,)
    return tuple(int(channel or 0) for channel in channels)


def near(one: tuple[int, ...], other: tuple[int, ...], within: int = 12) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, 0-255."""
    return float(numpy.abs(numpy.asarray(one, numpy.int16) - numpy.asarray(other, numpy.int16)).mean())
