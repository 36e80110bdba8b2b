"""The versions of a recipe, made of one picture: each from the next larger."""

import hashlib

from processors.image.planes import Planes
from processors.image.raster import Raster
from processors.recipes import Recipe
from processors.results import Version


def versions_of(
    picture: Planes | Raster, profile: bytes | None, recipe: Recipe, size: tuple[int, int]
) -> list[Version]:
    """`picture`, upright and no smaller than the largest version, as the versions of `recipe`.

    size: the (width, height) in pixels that the boxes are fitted to, those of the source.
    """
    versions = []
    for spec in recipe.versions:
        picture = picture.shrink(spec.fit(*size))
        versions.append(_version(spec.name, picture, profile, recipe.quality))
    return versions


def _version(name: str, picture: Planes | Raster, profile: bytes | None, quality: int) -> Version:
    encoded = picture.encode(profile, quality)
    width, height = picture.size
    digest = hashlib.sha256(encoded.data).hexdigest()
    return Version(name, width, height, encoded.content_type, encoded.extension, digest, encoded.data)
