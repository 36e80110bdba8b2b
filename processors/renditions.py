"""Renditions: versions that somebody asks for, by the measures they want."""

import re
from dataclasses import dataclass

from processors.recipes import Fit, Format, Recipe, VersionSpec

MOST_SIDE = 4096
"""Pixels: the longest side of a rendition."""
_NAME = re.compile(r"r_(\d{1,4})x(\d{1,4})_(inside|cover|pad)_(jpeg|webp|avif)_q(\d{1,3})")
# About what the recipe's JPEG has, by SSIM.
QUALITIES = {Format.JPEG: 82, Format.WEBP: 85, Format.AVIF: 70}
"""The quality of each format where none is asked for."""


@dataclass(frozen=True)
class Rendition:
    """One picture: the box in pixels (0: this side is free, to lie inside), how to fill it, and how to encode it."""

    width: int
    height: int
    fit: Fit
    format: Format
    quality: int

    @property
    def name(self) -> str:
        """Its name among the versions: equal wishes have equal names."""
        return f"r_{self.width}x{self.height}_{self.fit}_{self.format}_q{self.quality}"

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.name, (self.spec,), self.quality)

    @property
    def spec(self) -> VersionSpec:
        free = 1_000_000
        return VersionSpec(self.name, self.width or free, self.height or free, self.fit, self.format)


def named(name: str) -> Rendition | None:
    """The rendition of this name; None where it is none."""
    if (found := _NAME.fullmatch(name)) is None:
        return None
    width, height, fit, format, quality = found.groups()
    return Rendition(int(width), int(height), Fit(fit), Format(format), int(quality))


def page_name(page: int) -> str:
    """The name of a page of a document, counted from 1; its versions are called by it and their own names."""
    return f"p{page}"


def page_named(name: str) -> int | None:
    """The page of this name; None where it is none."""
    found = re.fullmatch(r"p([1-9]\d{0,4})", name)
    return int(found[1]) if found else None
