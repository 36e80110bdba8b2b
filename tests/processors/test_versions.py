"""The four versions: sizes, and what they look like against the long way."""

import io

import numpy
import pytest
import simplejpeg
from PIL import Image, ImageOps

from processors.image import develop, planes
from processors.image.decode import decode_planes
from processors.image.source import open_source
from processors.recipes import PHOTO
from tests.processors.byhand import jpeg_segment
from tests.processors.pictures import encoded, scene
from tests.processors.reading import difference, opened, version

pytestmark = pytest.mark.pure


def sizes(width: int, height: int, kind: str = "JPEG") -> dict[str, tuple[int, int]]:
    developed = develop(encoded(Image.new("RGB", (width, height), (90, 120, 60)), kind))
    return {made.name: opened(made).size for made in developed.versions}


def test_a_large_photo_gets_four_sizes() -> None:
    expected = {"d2500": (2500, 1875), "big_1920": (1440, 1080), "big_thumb": (700, 525), "thumb": (150, 112)}
    assert sizes(4000, 3000) == expected
    assert sizes(3000, 4000)["big_1920"] == (810, 1080)


def test_nothing_is_enlarged() -> None:
    assert set(sizes(100, 80, "PNG").values()) == {(100, 80)}
    assert sizes(1000, 10, "PNG") == {
        "d2500": (1000, 10), "big_1920": (1000, 10), "big_thumb": (700, 7), "thumb": (150, 2)
    }  # fmt: skip


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 7), (5, 3)])
def test_the_smallest_pictures(size: tuple[int, int]) -> None:
    assert set(sizes(*size).values()) == {size}


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 10_000), [(1, 2500), (1, 1080), (1, 700), (1, 120)]),
        ((10_000, 1), [(2500, 1), (1920, 1), (700, 1), (150, 1)]),
        ((7, 5001), [(3, 2500), (2, 1080), (1, 700), (1, 120)]),
        ((5001, 7), [(2500, 3), (1920, 3), (700, 1), (150, 1)]),
    ],
)
def test_threads_keep_at_least_a_pixel(size: tuple[int, int], expected: list[tuple[int, int]], kind: str) -> None:
    assert list(sizes(*size, kind).values()) == expected


@pytest.mark.parametrize("sampling", ["444", "440", "422", "420", "411", "Gray"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_no_sampling_shifts_a_color(sampling: str, orientation: int) -> None:
    """A smooth picture of odd size, so that JPEG loses next to nothing of it, and a tone that moves is seen."""
    smooth = Image.new("RGB", (5, 4))
    smooth.putdata([(40 * (n % 5) + 20, 60 * (n // 5) + 10, 12 * n) for n in range(20)])
    pixels = numpy.asarray(smooth.resize((1501, 1127), Image.Resampling.BICUBIC))
    data = simplejpeg.encode_jpeg(numpy.ascontiguousarray(pixels), 97, "RGB", sampling)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = data[:2] + jpeg_segment(0xE1, exif.tobytes()) + data[2:]
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert upright is not None
    for made in develop(data).versions:
        shown = opened(made).convert("RGB")
        reference = upright.convert("RGB").resize(shown.size, Image.Resampling.LANCZOS)
        off = numpy.asarray(shown, numpy.int16) - numpy.asarray(reference, numpy.int16)
        assert numpy.abs(off.mean(axis=(0, 1))).max() < 1, made.name
        assert numpy.abs(off).mean() < 1.2, made.name


@pytest.mark.parametrize("size", [(3001, 2003), (2600, 1951)])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_versions_look_like_the_long_way(size: tuple[int, int], subsampling: int) -> None:
    """Odd sizes on purpose; 4:2:0 stays in planes where the library is there, 4:4:4 goes through pixels."""
    data = encoded(scene(*size), "JPEG", quality=95, subsampling=subsampling)
    full = Image.open(io.BytesIO(data)).convert("RGB")
    for made in develop(data).versions:
        reference = full.resize((made.width, made.height), Image.Resampling.LANCZOS)
        shown = opened(made)
        assert difference(shown, reference) < 4.5, made.name
        edge = (made.width - 8, made.height - 8, made.width, made.height)
        assert difference(shown.crop(edge), reference.crop(edge)) < 9, made.name


def test_the_same_file_gives_the_same_bytes() -> None:
    """No byte beside the picture, such as memory used before, gets in."""
    data = encoded(scene(1501, 1127), "JPEG", quality=90)
    first = [made.sha256 for made in develop(data).versions]
    develop(encoded(Image.new("RGB", (1600, 1300), (255, 0, 255)), "JPEG"))
    assert [made.sha256 for made in develop(data).versions] == first


def test_plain_photos_stay_in_planes() -> None:
    """What makes it fast: no detour over RGB. Needs libturbojpeg, which setting up installs."""
    source = open_source(memoryview(encoded(scene(3000, 2000), "JPEG", quality=90)))
    found = decode_planes(source, PHOTO.versions[0].fit(3000, 2000))
    assert isinstance(found, planes.Planes)
    assert found.size == (2625, 1750)
    assert [plane.shape for plane in found.chroma] == [(875, 1313)] * 2


def test_without_the_library_versions_look_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(scene(1501, 1127), "JPEG", quality=95)
    with_planes = develop(data)
    monkeypatch.setattr("processors.image.turbojpeg.library", lambda: None)
    without = develop(data)
    for one, other in zip(with_planes.versions, without.versions, strict=True):
        assert (one.width, one.height) == (other.width, other.height)
        assert difference(opened(one), opened(other)) < 3


def test_a_version_is_made_from_the_next_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = planes.Planes.shrink

    def shrink(self: planes.Planes, size: tuple[int, int]) -> planes.Planes:
        seen.append((self.size, size))
        return original(self, size)

    monkeypatch.setattr(planes.Planes, "shrink", shrink)
    develop(encoded(scene(3000, 2000), "JPEG"))
    assert seen[-3:] == [((2500, 1667), (1620, 1080)), ((1620, 1080), (700, 467)), ((700, 467), (150, 100))]


def test_versions_have_their_names_and_no_other() -> None:
    developed = develop(encoded(scene(300, 200), "JPEG"))
    assert [made.name for made in developed.versions] == [spec.name for spec in PHOTO.versions]
    assert version(developed, "thumb").width == 150
