"""The versions of a recipe, made of one picture: each from the next larger."""

import hashlib

from processors.image import formats
from processors.image.encoded import Encoded
from processors.image.framing import framed
from processors.image.planes import Planes
from processors.image.raster import Raster
from processors.recipes import Recipe, VersionSpec
from processors.results import Version


def versions_of(
    picture: Planes | Raster, profile: bytes | None, recipe: Recipe, size: tuple[int, int]
) -> list[Version]:
    """`picture`, upright and no smaller than the largest version, as the versions of `recipe`.

    size: the (width, height) in pixels that the boxes are fitted to, those of the source.
    """
    versions = []
    for spec in recipe.versions:
        picture = picture.shrink(spec.scaled(*size))
        versions.append(_version(spec, picture, profile, recipe.quality, size))
    return versions


def _version(
    spec: VersionSpec, picture: Planes | Raster, profile: bytes | None, quality: int, size: tuple[int, int]
) -> Version:
    if isinstance(picture, Raster):
        picture = framed(picture, spec, size)
    encoded = _encoded(spec, picture, profile, quality)
    width, height = picture.size
    digest = hashlib.sha256(encoded.data).hexdigest()
    return Version(spec.name, width, height, encoded.content_type, encoded.extension, digest, encoded.data)


def _encoded(spec: VersionSpec, picture: Planes | Raster, profile: bytes | None, quality: int) -> Encoded:
    if spec.format is None or isinstance(picture, Planes):
        return picture.encode(profile, quality)
    return formats.encode(picture, spec.format, profile, quality)
