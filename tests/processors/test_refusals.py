"""Files that can't be developed: each has its code, and words that its owner understands."""

import io
import time
import zlib

import numpy
import pytest
from PIL import Image

from processors.image import develop
from processors.refusals import Refused
from tests.processors.pictures import animation, corners, encoded, png_claiming, scene

pytestmark = pytest.mark.pure


def refusal(data: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        develop(data)
    assert caught.value.message[0].isupper()
    assert caught.value.message.endswith(".")
    return caught.value


def outcome(data: bytes) -> str:
    try:
        develop(data)
    except Refused:
        return "refused"
    return "developed"


def test_an_empty_file() -> None:
    assert refusal(b"").code == "empty"


@pytest.mark.parametrize(
    "data",
    [b"I am a text called photo.jpg.\n", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", b"PK\5\6" + bytes(18), bytes(5000), b"\0"],
    ids=["text", "PDF", "zip", "zeros", "one byte"],
)
def test_what_is_no_picture(data: bytes) -> None:
    assert refusal(data).code == "not_a_picture"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>', "svg"),
        (encoded(Image.new("RGB", (9, 9)), "BMP"), "bmp"),
        (encoded(Image.new("RGBA", (32, 32)), "ICO"), "icon"),
        (encoded(Image.new("RGB", (9, 9)), "JPEG2000"), "jp2"),
    ],
)
def test_kinds_that_are_not_read(data: bytes, shown: str) -> None:
    found = refusal(data)
    assert found.code == "unsupported_kind"
    assert shown in found.message


def test_camera_raw_files_are_not_taken_for_their_preview() -> None:
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags = ImageFileDirectory_v2()
    tags[0xC612] = b"\1\4\0\0"
    assert refusal(encoded(corners(64, 48), "TIFF", tiffinfo=tags)).code == "unsupported_kind"


def test_samples_of_32_bit() -> None:
    assert refusal(encoded(Image.fromarray(numpy.zeros((9, 9), numpy.float32)), "TIFF")).code == "unsupported_kind"


@pytest.mark.parametrize("part", [0.1, 0.5, 0.98])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"subsampling": 0}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {})],
)
def test_a_file_that_ends_too_early(kind: str, options: dict[str, object], part: float) -> None:
    data = encoded(scene(600, 400), kind, **options)
    found = refusal(data[: int(len(data) * part)])
    assert found.code in ("truncated", "damaged")
    if kind == "JPEG" and part > 0.1:
        assert found.code == "truncated"


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "HEIF", "AVIF", "WEBP", "JPEG"])
def test_a_file_that_is_only_a_beginning(kind: str) -> None:
    assert refusal(encoded(scene(200, 150), kind)[:120]).code in ("damaged", "truncated", "not_a_picture")


def test_a_png_of_2500_megapixels_is_refused_at_once() -> None:
    started = time.process_time()
    found = refusal(png_claiming(50_000, 50_000))
    assert found.code == "too_many_pixels"
    assert "50,000 x 50,000" in found.message
    assert time.process_time() - started < 1


def test_a_real_bomb_is_refused_without_decoding_it() -> None:
    """30,000 x 30,000 black pixels in a few hundred kilobytes."""
    squeezer = zlib.compressobj(9)
    body = b"".join(squeezer.compress(bytes(30_001 * 100)) for _ in range(3)) + squeezer.flush()
    data = png_claiming(30_000, 30_000).replace(zlib.compress(bytes(1000)), body)
    started = time.process_time()
    assert refusal(data).code == "too_many_pixels"
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *(("JPEG", options) for options in ({}, {"subsampling": 0}, {"progressive": True})),
        *((kind, {}) for kind in ("PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF")),
        *(("TIFF", {"compression": way}) for way in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")),
    ],
    ids=str,
)
def test_a_file_cut_at_every_percent(kind: str, options: dict[str, object]) -> None:
    data = encoded(scene(200, 150), kind, **options)
    started = time.process_time()
    codes = {refusal(data[: len(data) * percent // 100]).code for percent in range(1, 100)}
    assert codes <= {"damaged", "truncated", "not_a_picture"}
    assert time.process_time() - started < 10


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP", "AVIF"])
def test_more_than_a_thousand_frames(kind: str) -> None:
    found = refusal(animation(kind, 1001, side=16))
    assert found.code == "too_many_frames"
    assert "1,000" in found.message


@pytest.mark.parametrize(("kind", "frames"), [("GIF", 1000), ("GIF", 3), ("PNG", 3), ("WEBP", 3), ("TIFF", 3)])
def test_an_animation_gives_its_first_frame_and_says_so(kind: str, frames: int) -> None:
    developed = develop(animation(kind, frames))
    assert developed.source.frames == frames
    shown = Image.open(io.BytesIO(developed.versions[0].data)).convert("RGB")
    pixel = shown.getpixel((4, 4))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 230
    assert max(pixel[1:]) < 25


def test_an_animated_avif() -> None:
    developed = develop(animation("AVIF", 3, side=64))
    assert developed.source.frames == 3


def test_noise_behind_a_right_beginning_never_raises_anything_else() -> None:
    """Damage of every kind is a refusal, or is survived; it is never an error of ours."""
    random, outcomes = numpy.random.default_rng(7), []
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        data = bytearray(encoded(scene(120, 90), kind))
        for _ in range(30):
            broken = bytearray(data)
            for place in random.integers(20, len(data), 12):
                broken[place] = random.integers(0, 256)
            outcomes.append(outcome(bytes(broken)))
    assert set(outcomes) == {"refused", "developed"}
