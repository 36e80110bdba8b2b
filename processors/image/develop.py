"""The pipeline: one decode, then every version from the next larger."""

from processors.image.colour import carriable, to_final, unpack
from processors.image.decode import decode, decode_planes
from processors.image.planes import Planes
from processors.image.raster import Raster
from processors.image.source import Source, open_source
from processors.image.versions import versions_of
from processors.recipes import PHOTO, Fit, Format, Recipe, VersionSpec
from processors.results import Developed, Facts


def develop(data: bytes | bytearray | memoryview, recipe: Recipe = PHOTO) -> Developed:
    """Develop the picture file in `data` by `recipe`. Only the first frame of an animation is shown.

    Raises Refused for what the file is guilty of; MemoryError when it needs more than the process may have.
    """
    source = open_source(memoryview(data))
    picture, profile = _largest(source, recipe.versions[0])
    return Developed(_facts(source), versions_of(picture, profile, recipe, source.displayed_size))


def _largest(source: Source, spec: VersionSpec) -> tuple[Planes | Raster, bytes | None]:
    """The largest version's pixels, upright, and their profile: decoded, shrunk as soon as can be, then the rest."""
    width, height = spec.scaled(*source.displayed_size)
    size = (height, width) if source.orientation >= 5 else (width, height)
    if _as_planes(spec) and carriable(source.profile, "RGB"):
        planes = decode_planes(source, size)
        if planes is not None:
            return planes.shrink(size).upright(source.orientation), source.profile
    image = Raster(unpack(decode(source, size))).shrink(size).image
    image.info = {}  # comments and the like must not find their way into a version
    image, profile = to_final(image, source.profile)
    return Raster(image).upright(source.orientation), profile


def _as_planes(spec: VersionSpec) -> bool:
    """Whether planes will do, which are scaled and written as JPEG, and nothing else."""
    return spec.fitting is Fit.INSIDE and spec.format in (None, Format.JPEG)


def _facts(source: Source) -> Facts:
    width, height = source.displayed_size
    return Facts(source.kind.name, source.kind.content_type, width, height, source.frames)
