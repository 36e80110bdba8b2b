"""Colors mean the same in every version as in the source."""

import io

import numpy
import pytest
from PIL import Image, ImageCms

from processors.image import develop
from processors.image.profile import bare
from processors.limits import MAX_PROFILE_BYTES
from tests.processors.byhand import profile
from tests.processors.pictures import DISPLAY_P3, encoded, matrix_profile
from tests.processors.reading import near, opened

pytestmark = pytest.mark.pure

# The most saturated green of Display P3 that sRGB can show too, so that nothing is clipped on the way.
P3_PATCH = (90, 170, 80)


def in_srgb(image: Image.Image) -> tuple[int, ...]:
    """The middle of a picture as a viewer that heeds profiles shows it."""
    profile = image.info.get("icc_profile")
    if profile:
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
        assert converted is not None
        image = converted
    pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


def patch(profile: bytes, mode: str = "RGB", color: tuple[int, ...] = P3_PATCH) -> Image.Image:
    image = Image.new(mode, (120, 90), color)
    image.info["icc_profile"] = profile
    return image


def test_the_profile_matters_at_all() -> None:
    assert not near(in_srgb(patch(DISPLAY_P3)), P3_PATCH, within=12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_display_p3_patch_stays_the_same_color(kind: str) -> None:
    data = encoded(patch(DISPLAY_P3), kind, icc_profile=DISPLAY_P3, quality=95)
    for made in develop(data).versions:
        shown = opened(made)
        assert shown.info["icc_profile"] == bare(DISPLAY_P3)
        assert near(in_srgb(shown), in_srgb(patch(DISPLAY_P3)), within=6)


def test_with_transparency_too() -> None:
    image = patch(DISPLAY_P3, "RGBA", (*P3_PATCH, 128))
    made = develop(encoded(image, "PNG", icc_profile=DISPLAY_P3)).versions[0]
    shown = opened(made)
    assert made.extension == "webp"
    assert shown.info["icc_profile"] == bare(DISPLAY_P3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_large_profile_is_applied_instead_of_carried(mode: str) -> None:
    large = matrix_profile((33756, 15806, -69), (19145, 45351, 2746), (10289, 4379, 51384), MAX_PROFILE_BYTES)
    color = (*P3_PATCH, 128)[: len(mode)]
    made = develop(encoded(patch(large, mode, color), "PNG", icc_profile=large)).versions[0]
    shown = opened(made)
    assert "icc_profile" not in shown.info
    assert near(in_srgb(shown), in_srgb(patch(DISPLAY_P3)), within=6)
    assert len(made.data) < MAX_PROFILE_BYTES


def test_a_broken_profile_is_ignored() -> None:
    made = develop(encoded(Image.new("RGB", (120, 90), P3_PATCH), "JPEG", icc_profile=b"nonsense" * 40)).versions[0]
    shown = opened(made)
    assert "icc_profile" not in shown.info
    assert near(in_srgb(shown), P3_PATCH, within=6)


@pytest.mark.parametrize("size", [0, MAX_PROFILE_BYTES + 1000], ids=["small", "large"])
@pytest.mark.parametrize("kind", [b"mntr", b"prtr", b"link", b"abst", b"nmcl"])
@pytest.mark.parametrize(
    ("mode", "space"), [("RGB", b"RGB "), ("RGBA", b"RGB "), ("CMYK", b"CMYK"), ("L", b"GRAY"), ("LA", b"GRAY")]
)
def test_a_profile_that_says_nothing_is_ignored(mode: str, space: bytes, kind: bytes, size: int) -> None:
    """It has the right header, but no colours can be computed by it."""
    image = Image.new("RGB", (120, 90), P3_PATCH).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(200)
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG", icc_profile=profile(space, kind, size))
    shown = opened(develop(data).versions[0])
    assert "icc_profile" not in shown.info
    assert near(in_srgb(shown), in_srgb(image), within=6)


def test_a_profile_that_ties_devices_together_is_not_carried() -> None:
    link = DISPLAY_P3[:12] + b"link" + DISPLAY_P3[16:]
    shown = opened(develop(encoded(patch(link), "PNG", icc_profile=link)).versions[0])
    assert "icc_profile" not in shown.info


@pytest.mark.parametrize("cut", [129, 131, 140, 300])
def test_a_profile_cut_off_is_ignored(cut: int) -> None:
    shown = opened(develop(encoded(patch(DISPLAY_P3), "JPEG", icc_profile=DISPLAY_P3[:cut], quality=95)).versions[0])
    assert "icc_profile" not in shown.info
    assert near(in_srgb(shown), P3_PATCH, within=6)


def test_a_profile_of_a_million_tags_is_ignored() -> None:
    swollen = DISPLAY_P3[:128] + (10**6).to_bytes(4, "big") + DISPLAY_P3[132:] + bytes(12 * 10**6)
    assert bare(swollen) is None


def test_a_profile_of_another_space_is_ignored() -> None:
    made = develop(encoded(Image.new("L", (120, 90), 100), "PNG", icc_profile=DISPLAY_P3)).versions[0]
    shown = opened(made)
    assert "icc_profile" not in shown.info
    assert near(in_srgb(shown), (100, 100, 100), within=6)


def test_no_profile_gives_no_profile() -> None:
    shown = opened(develop(encoded(Image.new("RGB", (120, 90), P3_PATCH), "JPEG")).versions[0])
    assert "icc_profile" not in shown.info


def test_cmyk_as_printers_write_it() -> None:
    """Photoshop's CMYK JPEG are inverted, and say so in an Adobe segment; Pillow writes them the same way."""
    image = Image.new("CMYK", (120, 90), (255, 0, 0, 0))
    shown = opened(develop(encoded(image, "JPEG", quality=95)).versions[0])
    assert shown.mode == "RGB"
    assert near(in_srgb(shown), (0, 255, 255), within=6)


def test_sixteen_bit_keeps_the_high_byte() -> None:
    array = numpy.full((60, 80), 200 * 256 + 17, numpy.uint16)
    shown = opened(develop(encoded(Image.fromarray(array), "PNG")).versions[0])
    assert near(in_srgb(shown), (200, 200, 200), within=2)
