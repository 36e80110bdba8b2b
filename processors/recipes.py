"""Recipes: which versions are made of a picture, and how.

A recipe is plain data. Its `hash` names everything that decides how the results look, so that stored versions can be
compared with the recipe of today.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Fit(StrEnum):
    """How a picture goes into a box: wholly inside; filling it, with what juts out cut off; or inside, on a ground that
    fills it.
    """

    INSIDE = "inside"
    COVER = "cover"
    PAD = "pad"


class Format(StrEnum):
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def content_type(self) -> str:
        return f"image/{self}"


@dataclass(frozen=True)
class VersionSpec:
    """One version: the box, in pixels, that the picture is scaled to, by default to lie inside. Never enlarged.

    format: None is JPEG, and WebP for what has transparency.
    """

    name: str
    width: int
    height: int
    fitting: Fit = Fit.INSIDE
    format: Format | None = None

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """The size (width, height) in pixels of a picture of `width` x `height` inside this box, proportions kept."""
        scale = min(self.width / width, self.height / height, 1.0)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def scaled(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of `width` x `height` is scaled to, before it is cut or put on a ground."""
        if self.fitting is not Fit.COVER:
            return self.fit(width, height)
        covered = self.framed(width, height)
        scale = max(covered[0] / width, covered[1] / height)
        return max(covered[0], round(width * scale)), max(covered[1], round(height * scale))

    def framed(self, width: int, height: int) -> tuple[int, int]:
        """The size of the version. Too small a picture covers the largest with the proportions of the box."""
        match self.fitting:
            case Fit.INSIDE:
                return self.fit(width, height)
            case Fit.PAD:
                return self.width, self.height
        share = min(width / self.width, height / self.height, 1.0)
        return max(1, round(self.width * share)), max(1, round(self.height * share))

    @property
    def settings(self) -> tuple[object, ...]:
        """What its look depends on; told in the same way as before there was more to it than a box."""
        box = (self.name, self.width, self.height)
        plain = self.fitting is Fit.INSIDE and self.format is None
        return box if plain else (*box, str(self.fitting), str(self.format))


@dataclass(frozen=True)
class Recipe:
    """Versions from the largest to the smallest, and the quality (1-100) they are encoded with.

    `revision` is raised when the code changes what the same settings give.
    """

    name: str
    versions: tuple[VersionSpec, ...]
    quality: int
    revision: int = 1

    def __post_init__(self) -> None:
        for larger, smaller in zip(self.versions, self.versions[1:], strict=False):
            if smaller.width > larger.width or smaller.height > larger.height:
                raise ValueError(f"{smaller.name} does not lie inside {larger.name}")

    @cached_property
    def hash(self) -> str:
        """12 hex digits over every setting."""
        boxes = [v.settings for v in self.versions]
        return hashlib.sha256(repr((self.name, boxes, self.quality, self.revision)).encode()).hexdigest()[:12]


PHOTO = Recipe(
    name="photo",
    versions=(
        VersionSpec("d2500", 2500, 2500),
        VersionSpec("big_1920", 1920, 1080),
        VersionSpec("big_thumb", 700, 700),
        VersionSpec("thumb", 150, 120),
    ),
    quality=82,
)

RECIPES = {PHOTO.name: PHOTO}
