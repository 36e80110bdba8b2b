"""EXIF orientation: all eight, applied to the pixels and then forgotten."""

import io
from typing import Any

import numpy
import pytest
from PIL import Image, ImageOps

from processors.image import develop
from tests.processors.pictures import corners, encoded, scene
from tests.processors.reading import difference, opened

pytestmark = pytest.mark.pure


def with_orientation(image: Image.Image, orientation: int, kind: str = "JPEG", **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, kind, exif=exif, **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("options", [{"subsampling": 2}, {"subsampling": 0}], ids=["planes", "pixels"])
def test_a_jpeg_stands_upright(orientation: int, options: dict[str, Any]) -> None:
    """Odd sizes, in which chroma has to be moved for half of the turns."""
    stored = scene(501, 333)
    data = with_orientation(stored, orientation, quality=95, **options)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert upright is not None
    developed = develop(data)
    assert (developed.source.width, developed.source.height) == upright.size
    for made in developed.versions:
        shown = opened(made)
        assert 0x0112 not in shown.getexif()
        reference = upright.resize(shown.size, Image.Resampling.LANCZOS)
        assert difference(shown, reference) < 5.5


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_chroma_stays_in_place(orientation: int) -> None:
    """A sharp edge of color alone: half a sample off would show along it."""
    stored = Image.new("RGB", (401, 301), (200, 60, 60))
    stored.paste((30, 120, 30), (200, 150, 401, 301))
    data = with_orientation(stored, orientation, quality=95, subsampling=2)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert upright is not None
    shown = numpy.asarray(opened(develop(data).versions[0]), numpy.int16)
    assert numpy.abs(shown - numpy.asarray(upright, numpy.int16)).mean() < 1.2


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_other_kinds_stand_upright(kind: str) -> None:
    stored = corners(300, 200)
    developed = develop(with_orientation(stored, 6, kind))
    assert (developed.source.width, developed.source.height) == (200, 300)
    expected = stored.transpose(Image.Transpose.ROTATE_270)
    shown = opened(developed.versions[0])
    assert difference(shown, expected) < 6


def test_a_heic_is_turned_once() -> None:
    """Its container turns it; an EXIF block that says so again must not."""
    import pillow_heif

    heif = pillow_heif.from_pillow(corners(300, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    heif[0].info["exif"] = exif.tobytes()
    out = io.BytesIO()
    heif.save(out, quality=90)
    developed = develop(out.getvalue())
    assert (developed.source.width, developed.source.height) == (200, 300)
    assert difference(opened(developed.versions[0]), corners(300, 200).transpose(Image.Transpose.ROTATE_270)) < 8


@pytest.mark.parametrize("value", [0, 9, 60000])
def test_nonsense_is_ignored(value: int) -> None:
    developed = develop(with_orientation(corners(300, 200), value))
    assert (developed.source.width, developed.source.height) == (300, 200)
