"""Recipes: which versions are made of a picture, and how.

A recipe is plain data. Its `hash` names everything that decides how the results look, so that stored versions can be
compared with the recipe of today.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class VersionSpec:
    """One version: the box, in pixels, that the picture is scaled to lie inside. Never enlarged."""

    name: str
    width: int
    height: int

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """The size (width, height) in pixels of a picture of `width` x `height` inside this box, proportions kept."""
        scale = min(self.width / width, self.height / height, 1.0)
        return max(1, round(width * scale)), max(1, round(height * scale))


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
        boxes = [(v.name, v.width, v.height) for v in self.versions]
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
