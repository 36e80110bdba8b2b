"""The pipeline: one decode, then every version from the next larger."""

import hashlib

from processors.image.colour import carriable, to_final, unpack
from processors.image.decode import decode, decode_planes
from processors.image.planes import Planes
from processors.image.raster import Raster
from processors.image.source import Source, open_source
from processors.recipes import PHOTO, Recipe, VersionSpec
from processors.results import Developed, Facts, Version


def develop(data: bytes | bytearray | memoryview, recipe: Recipe = PHOTO) -> Developed:
    """Develop the picture file in `data` by `recipe`. Only the first frame of an animation is shown.

    Raises Refused for what the file is guilty of; MemoryError when it needs more than the process may have.
    """
    source = open_source(memoryview(data))
    picture, profile = _largest(source, recipe.versions[0])
    versions = []
    for spec in recipe.versions:
        picture = picture.shrink(spec.fit(*source.displayed_size))
        versions.append(_version(spec.name, picture, profile, recipe.quality))
    return Developed(_facts(source), versions)


def _largest(source: Source, spec: VersionSpec) -> tuple[Planes | Raster, bytes | None]:
    """The largest version's pixels, upright, and their profile: decoded, shrunk as soon as can be, then the rest."""
    width, height = spec.fit(*source.displayed_size)
    size = (height, width) if source.orientation >= 5 else (width, height)
    if carriable(source.profile, "RGB"):
        planes = decode_planes(source, size)
        if planes is not None:
            return planes.shrink(size).upright(source.orientation), source.profile
    image = Raster(unpack(decode(source, size))).shrink(size).image
    image.info = {}  # comments and the like must not find their way into a version
    image, profile = to_final(image, source.profile)
    return Raster(image).upright(source.orientation), profile


def _version(name: str, picture: Planes | Raster, profile: bytes | None, quality: int) -> Version:
    encoded = picture.encode(profile, quality)
    width, height = picture.size
    digest = hashlib.sha256(encoded.data).hexdigest()
    return Version(name, width, height, encoded.content_type, encoded.extension, digest, encoded.data)


def _facts(source: Source) -> Facts:
    width, height = source.displayed_size
    return Facts(source.kind.name, source.kind.content_type, width, height, source.frames)
