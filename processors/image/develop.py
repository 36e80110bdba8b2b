"""The pipeline: one decode, then every version from the next larger."""

import hashlib

from PIL import Image

from processors.image.colour import to_final, unpack
from processors.image.decode import decode
from processors.image.encode import encode
from processors.image.source import Source, open_source
from processors.image.turn import upright
from processors.recipes import PHOTO, Recipe, VersionSpec
from processors.results import Developed, Facts, Version


def develop(data: bytes | bytearray | memoryview, recipe: Recipe = PHOTO) -> Developed:
    """Develop the picture file in `data` by `recipe`. Only the first frame of an animation is shown.

    Raises Refused for what the file is guilty of; MemoryError when it needs more than the process may have.
    """
    view = memoryview(data)
    source = open_source(view)
    image, profile = _largest(source, recipe.versions[0])
    versions = []
    for spec in recipe.versions:
        image = _shrink(image, spec.fit(*source.displayed_size))
        versions.append(_version(spec.name, image, profile, recipe.quality))
    return Developed(_facts(source), versions)


def _largest(source: Source, spec: VersionSpec) -> tuple[Image.Image, bytes | None]:
    """The largest version's pixels, upright, and their profile: decoded, shrunk as soon as can be, then the rest."""
    width, height = spec.fit(*source.displayed_size)
    stored_size = (height, width) if source.orientation >= 5 else (width, height)
    image = unpack(decode(source, stored_size))
    image = _shrink(image, stored_size)
    image.info = {}  # comments and the like must not find their way into a version
    image, profile = to_final(image, source.profile)
    return upright(image, source.orientation), profile


def _shrink(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _version(name: str, image: Image.Image, profile: bytes | None, quality: int) -> Version:
    encoded = encode(image, profile, quality)
    return Version(
        name=name,
        width=image.width,
        height=image.height,
        content_type=encoded.content_type,
        extension=encoded.extension,
        sha256=hashlib.sha256(encoded.data).hexdigest(),
        data=encoded.data,
    )


def _facts(source: Source) -> Facts:
    width, height = source.displayed_size
    digest = hashlib.sha256(source.data).hexdigest()
    return Facts(source.kind.name, source.kind.content_type, width, height, source.frames, digest)
