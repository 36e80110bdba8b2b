"""What a request for a picture asks for: a box, a fit, a format, a quality; and whether anybody may have it."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from appliance.errors import BadConfiguration, BadRequest
from processors.recipes import Fit, Format
from processors.renditions import MOST_SIDE, QUALITIES, Rendition

_SIZE = re.compile(r"(\d{1,4})x(\d{1,4})")


class Wanted(StrEnum):
    """A format, or the best of those that the reader says it can show."""

    AUTO = "auto"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"


class Wish(NamedTuple):
    """Sides in pixels, 0: free; `quality` 0: the format's own."""

    width: int
    height: int
    fit: Fit
    format: Wanted
    quality: int

    def check(self) -> None:
        """Raises BadRequest."""
        if not self.width and not self.height:
            raise BadRequest("Say how large", w="this, or h, is needed")
        if self.fit is not Fit.INSIDE and not (self.width and self.height):
            raise BadRequest("Both sides are needed to fill a box", fit="give w and h, or inside")

    def rendition(self, accept: str) -> Rendition:
        """What is made for a reader that sends this Accept header."""
        format = best(accept) if self.format is Wanted.AUTO else Format(self.format)
        return Rendition(self.width, self.height, self.fit, format, self.quality or QUALITIES[format])


def best(accept: str) -> Format:
    """The format for a reader: AVIF, else WebP, where it is named; JPEG is what everybody shows.

    `*/*` is no word for it: programs that show nothing say so as well.
    """
    named = {kind.strip().lower() for kind, *told in _parts(accept) if not any(map(_never, told))}
    return next((format for format in (Format.AVIF, Format.WEBP) if format.content_type in named), Format.JPEG)


def _parts(accept: str) -> Iterable[list[str]]:
    return (part.split(";") for part in accept.split(","))


def _never(parameter: str) -> bool:
    """Whether it is a weight of 0: not acceptable (RFC 9110, 12.4.2)."""
    return re.fullmatch(r"\s*q=0(\.0{0,3})?\s*", parameter.lower()) is not None


def listed(sizes: Iterable[str]) -> frozenset[tuple[int, int]]:
    """The sizes of a setting, each as "WxH", with 0 for a side that is free. Raises BadConfiguration."""
    found = set()
    for text in sizes:
        match = _SIZE.fullmatch(text)
        sides = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 0 < max(sides) <= MOST_SIDE:
            raise BadConfiguration(f"DARKROOM_RENDER_SIZES: {text!r} is no size such as 640x480 or 320x0")
        found.add(sides)
    return frozenset(found)
