"""Every kind of picture that is read."""

import hashlib

import numpy
import pytest
from PIL import Image

from processors.image import develop
from tests.processors.byhand import png, tiff
from tests.processors.pictures import BLUE, GREEN, RED, WHITE, corners, encoded
from tests.processors.reading import color_at, near, opened, version

pytestmark = pytest.mark.pure

SMALL = (320, 240)


def assert_corners(image: Image.Image, within: int = 12) -> None:
    found = [color_at(image.convert("RGB"), x, y) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    assert all(near(a, b, within) for a, b in zip(found, (RED, GREEN, BLUE, WHITE), strict=True)), found


def sixteen_bit_png() -> bytes:
    """16 bits a channel, which Pillow reads but does not write."""
    import cv2

    array = numpy.asarray(corners(*SMALL)).astype(numpy.uint16)[:, :, ::-1] * 257
    return bytes(cv2.imencode(".png", array)[1])


COLOR = {
    "JPEG 4:2:0": (lambda: encoded(corners(*SMALL), "JPEG", quality=90), "jpeg"),
    "JPEG 4:4:4": (lambda: encoded(corners(*SMALL), "JPEG", quality=90, subsampling=0), "jpeg"),
    "JPEG 4:2:2": (lambda: encoded(corners(*SMALL), "JPEG", quality=90, subsampling=1), "jpeg"),
    "JPEG stored as RGB": (lambda: encoded(corners(*SMALL), "JPEG", quality=90, keep_rgb=True), "jpeg"),
    "JPEG progressive": (lambda: encoded(corners(*SMALL), "JPEG", quality=90, progressive=True), "jpeg"),
    "JPEG CMYK": (lambda: encoded(corners(*SMALL).convert("CMYK"), "JPEG", quality=90), "jpeg"),
    "PNG": (lambda: encoded(corners(*SMALL), "PNG"), "png"),
    "PNG 16 bit": (sixteen_bit_png, "png"),
    "PNG palette": (lambda: encoded(corners(*SMALL).quantize(16), "PNG"), "png"),
    "WebP": (lambda: encoded(corners(*SMALL), "WEBP", quality=90), "webp"),
    "WebP lossless": (lambda: encoded(corners(*SMALL), "WEBP", lossless=True), "webp"),
    "GIF": (lambda: encoded(corners(*SMALL), "GIF"), "gif"),
    "TIFF": (lambda: encoded(corners(*SMALL), "TIFF"), "tiff"),
    "TIFF LZW": (lambda: encoded(corners(*SMALL), "TIFF", compression="tiff_lzw"), "tiff"),
    "TIFF deflate": (lambda: encoded(corners(*SMALL), "TIFF", compression="tiff_adobe_deflate"), "tiff"),
    "TIFF JPEG": (lambda: encoded(corners(*SMALL), "TIFF", compression="jpeg", quality=90), "tiff"),
    "TIFF CMYK": (lambda: encoded(corners(*SMALL).convert("CMYK"), "TIFF"), "tiff"),
    "TIFF LAB": (lambda: encoded(lab(corners(*SMALL)), "TIFF"), "tiff"),
    "HEIC": (lambda: encoded(corners(*SMALL), "HEIF", quality=90), "heic"),
    "AVIF": (lambda: encoded(corners(*SMALL), "AVIF", quality=90, speed=10), "avif"),
}


def lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    converted = ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert converted is not None
    return converted


@pytest.mark.parametrize("name", COLOR)
def test_a_picture_in_color(name: str) -> None:
    make, kind = COLOR[name]
    data = make()
    developed = develop(data)
    facts = developed.source
    assert (facts.format, facts.content_type) == (kind, f"image/{kind}")
    assert (facts.width, facts.height, facts.frames) == (*SMALL, 1)
    for made in developed.versions:
        assert (made.content_type, made.extension) == ("image/jpeg", "jpg")
        assert made.sha256 == hashlib.sha256(made.data).hexdigest()
        image = opened(made)
        assert image.size == (made.width, made.height)
        assert_corners(image, within=20)


GRAYS = {
    "JPEG": lambda gray: encoded(gray, "JPEG", quality=90),
    "JPEG progressive": lambda gray: encoded(gray, "JPEG", quality=90, progressive=True),
    "PNG": lambda gray: encoded(gray, "PNG"),
    "PNG 16 bit": lambda gray: encoded(Image.fromarray(numpy.asarray(gray).astype(numpy.uint16) * 257), "PNG"),
    "TIFF 16 bit": lambda gray: encoded(Image.fromarray(numpy.asarray(gray).astype(numpy.uint16) * 257), "TIFF"),
    "TIFF": lambda gray: encoded(gray, "TIFF"),
}


@pytest.mark.parametrize("name", GRAYS)
def test_gray_keeps_its_tones(name: str) -> None:
    ramp = Image.linear_gradient("L").resize((400, 300))
    developed = develop(GRAYS[name](ramp))
    shown = opened(version(developed, "thumb")).convert("L")
    for down in (0.1, 0.5, 0.9):
        assert near(color_at(shown, 0.5, down), color_at(ramp, 0.5, down), within=6)


def test_black_and_white() -> None:
    image = Image.new("1", (64, 64), 1)
    image.paste(0, (0, 0, 32, 64))
    shown = opened(version(develop(encoded(image, "PNG")), "thumb")).convert("L")
    assert near(color_at(shown, 0.25, 0.5), (0,))
    assert near(color_at(shown, 0.75, 0.5), (255,))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_transparency_gives_webp_that_keeps_it(kind: str) -> None:
    image = corners(*SMALL).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, SMALL[0] // 2, SMALL[1] // 2))
    developed = develop(encoded(image, kind))
    for made in developed.versions:
        assert (made.content_type, made.extension) == ("image/webp", "webp")
        shown = opened(made)
        assert color_at(shown, 0.25, 0.25)[3] < 10
        assert near(color_at(shown, 0.75, 0.25), (*GREEN, 255), within=20)


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_a_palette_with_a_transparent_color(kind: str) -> None:
    image = corners(*SMALL).quantize(8)
    clear = image.getpixel((10, 10))
    made = version(develop(encoded(image, kind, transparency=clear)), "big_thumb")
    assert made.extension == "webp"
    assert color_at(opened(made), 0.1, 0.1)[3] < 10
    assert color_at(opened(made), 0.9, 0.9)[3] > 245


def test_gray_with_transparency() -> None:
    image = Image.new("LA", (100, 80), (120, 255))
    image.paste((120, 0), (0, 0, 50, 80))
    shown = opened(version(develop(encoded(image, "PNG")), "thumb"))
    assert color_at(shown, 0.1, 0.5)[3] < 10
    assert near(color_at(shown, 0.9, 0.5), (120, 120, 120, 255))


CLEAR_LEFT = {
    "gray of 2 bit": (2, 0, (1,), numpy.tile(numpy.array([0x55] * 8 + [0xFF] * 8, "u1"), (48, 1))),
    "gray of 4 bit": (4, 0, (6,), numpy.tile(numpy.array([0x66] * 16 + [0xFF] * 16, "u1"), (48, 1))),
    "gray of 8 bit": (8, 0, (90,), numpy.tile(numpy.array([90] * 32 + [255] * 32, "u1"), (48, 1))),
    "gray of 16 bit": (16, 0, (1234,), numpy.tile(numpy.array([1234] * 32 + [1235] * 32, ">u2"), (48, 1))),
    "color of 8 bit": (8, 2, (90,) * 3, numpy.tile(numpy.array([90] * 96 + [255] * 96, "u1"), (48, 1))),
    "color of 16 bit": (16, 2, (1234,) * 3, numpy.tile(numpy.array([1234] * 96 + [40000] * 96, ">u2"), (48, 1))),
}


@pytest.mark.parametrize("name", CLEAR_LEFT)
def test_a_transparent_color_of_any_depth(name: str) -> None:
    depth, color_type, clear, rows = CLEAR_LEFT[name]
    shown = opened(develop(png(rows, depth, color_type, clear)).versions[0])
    assert shown.size == (64, 48)
    assert color_at(shown, 0.2, 0.5)[3] == 0
    assert color_at(shown, 0.8, 0.5)[3] == 255


def twelve_bit(samples: numpy.ndarray) -> bytes:
    """Pairs of samples in three bytes each."""
    return b"".join((int(a) << 12 | int(b)).to_bytes(3, "big") for a, b in samples.reshape(-1, 2))


RAMP = numpy.tile(numpy.linspace(0, 1, 64), (48, 1))
GRAY_TIFFS = {
    "12 bit": lambda: tiff(64, 48, 12, 1, twelve_bit((RAMP * 4095).astype(int))),
    "16 bit": lambda: tiff(64, 48, 16, 1, (RAMP * 65535).astype("<u2").tobytes()),
    "16 bit, white is zero": lambda: tiff(64, 48, 16, 0, ((1 - RAMP) * 65535).astype("<u2").tobytes()),
    "8 bit, white is zero": lambda: tiff(64, 48, 8, 0, ((1 - RAMP) * 255).astype("u1").tobytes()),
}


@pytest.mark.parametrize("name", GRAY_TIFFS)
def test_gray_tiff_goes_from_black_to_white(name: str) -> None:
    shown = opened(develop(GRAY_TIFFS[name]()).versions[0])
    for across in (0.1, 0.5, 0.9):
        assert near(color_at(shown, across, 0.5), (round(255 * across),), within=6)


def test_transparency_that_hides_nothing_gives_jpeg() -> None:
    made = version(develop(encoded(corners(*SMALL).convert("RGBA"), "PNG")), "thumb")
    assert made.extension == "jpg"
    assert_corners(opened(made), within=20)


def test_content_decides_what_a_file_is() -> None:
    """Appended bytes, as phones write them, harm nobody."""
    developed = develop(encoded(corners(*SMALL), "JPEG", quality=90) + b"\0" * 5000)
    assert developed.source.format == "jpeg"
    assert_corners(opened(developed.versions[0]), within=20)
