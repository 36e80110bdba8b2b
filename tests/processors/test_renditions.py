"""Versions by the measures that somebody asks for: how large, cut where, on what ground, in which format."""

import io
from itertools import product

import numpy
import pillow_avif  # noqa: F401  registers its decoder
import pytest
from PIL import Image, ImageCms

from processors.image import develop
from processors.recipes import Fit, Format
from processors.renditions import MOST_SIDE, QUALITIES, Rendition, named
from processors.results import Version
from processors.sandbox import messages
from processors.sandbox.errors import SandboxDied
from processors.sandbox.outbox import Outbox
from processors.sandbox.reply import checked
from processors.sandbox.sandbox import Sandbox
from tests.processors.pictures import BLUE, GREEN, RED, corners, encoded, scene
from tests.processors.reading import color_at, difference, near

pytestmark = pytest.mark.pure


def made(image: bytes, width: int, height: int, fit: Fit = Fit.INSIDE, format: Format = Format.JPEG) -> Version:
    [version] = develop(image, Rendition(width, height, fit, format, QUALITIES[format]).recipe).versions
    return version


def opened(version: Version) -> Image.Image:
    image = Image.open(io.BytesIO(version.data), formats=[version.content_type.removeprefix("image/").upper()])
    image.load()
    assert image.size == (version.width, version.height)
    return image


@pytest.mark.parametrize(
    ("source", "box", "inside", "cover"),
    [
        ((1200, 900), (400, 400), (400, 300), (400, 400)),
        ((1200, 900), (400, 0), (400, 300), None),
        ((1200, 900), (0, 300), (400, 300), None),
        ((900, 1200), (400, 200), (150, 200), (400, 200)),
        ((1200, 900), (1200, 1200), (1200, 900), (900, 900)),  # too small to cover it: its proportions
        ((100, 80), (400, 200), (100, 80), (100, 50)),
        ((1000, 3), (500, 500), (500, 2), (3, 3)),
        ((1, 1), (64, 32), (1, 1), (1, 1)),
    ],
)
def test_the_size_follows_from_box_and_fit_and_nothing_is_enlarged(
    source: tuple[int, int], box: tuple[int, int], inside: tuple[int, int], cover: tuple[int, int] | None
) -> None:
    for kind in ("JPEG", "PNG"):
        image = encoded(Image.new("RGB", source, RED), kind)
        assert opened(made(image, *box)).size == inside
        if cover is None:
            continue
        assert opened(made(image, *box, Fit.COVER)).size == cover
        assert opened(made(image, *box, Fit.PAD)).size == box


@pytest.mark.parametrize("format", Format)
def test_cover_shows_the_middle(format: Format) -> None:
    shown = opened(made(encoded(corners(800, 400), "PNG"), 200, 200, Fit.COVER, format)).convert("RGB")
    assert near(color_at(shown, 0.25, 0.25), RED, 14)
    assert near(color_at(shown, 0.75, 0.25), GREEN, 14)
    wide = opened(made(encoded(scene(800, 400), "PNG"), 200, 200, Fit.COVER, format)).convert("RGB")
    middle = scene(800, 400).crop((200, 0, 600, 400)).resize((200, 200), Image.Resampling.LANCZOS)
    assert difference(wide, middle) < 5


@pytest.mark.parametrize("format", Format)
def test_pad_is_white_around_the_middle_and_clear_where_the_picture_is(format: Format) -> None:
    shown = opened(made(encoded(Image.new("RGB", (400, 200), BLUE), "PNG"), 300, 300, Fit.PAD, format)).convert("RGB")
    assert near(color_at(shown, 0.5, 0.1), (255, 255, 255), 3)
    assert near(color_at(shown, 0.5, 0.5), BLUE, 14)
    assert near(color_at(shown, 0.5, 0.9), (255, 255, 255), 3)
    faded = Image.new("RGBA", (400, 200), (*BLUE, 128))
    clear = opened(made(encoded(faded, "PNG"), 300, 300, Fit.PAD, format))
    if format is Format.JPEG:
        assert near(color_at(clear, 0.5, 0.1), (255, 255, 255), 3)
        assert near(color_at(clear, 0.5, 0.5), tuple((255 + channel) // 2 for channel in BLUE), 14)
    else:
        assert color_at(clear, 0.5, 0.1)[3] == 0
        assert abs(color_at(clear, 0.5, 0.5)[3] - 128) < 6


@pytest.mark.parametrize(("fit", "format"), list(product(Fit, Format)))
def test_orientation_is_applied_and_nothing_but_the_profile_is_carried(fit: Fit, format: Format) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a secret place"
    source = encoded(corners(400, 200), "JPEG", icc_profile=profile, exif=exif, comment=b"a secret place")
    assert source.count(b"a secret place") == 2
    version = made(source, 100, 100, fit, format)
    assert b"secret" not in version.data
    shown = opened(version)
    assert shown.info["icc_profile"]
    assert not shown.getexif()
    if fit is Fit.INSIDE:
        assert shown.size == (50, 100)
        assert near(color_at(shown.convert("RGB"), 0.25, 0.25), BLUE, 16)  # what lay below on the left


@pytest.mark.parametrize("format", [Format.WEBP, Format.AVIF])
def test_gray_with_a_profile_becomes_colour_that_needs_none(format: Format) -> None:
    gray = Image.linear_gradient("L").resize((200, 200))
    version = made(encoded(gray, "JPEG", icc_profile=_gamma_one()), 100, 100, Fit.INSIDE, format)
    shown = opened(version)
    assert "icc_profile" not in shown.info
    assert color_at(shown.convert("RGB"), 0.5, 0.5)[0] > 165  # linear 128 is 188 in sRGB


def _gamma_one() -> bytes:
    from processors.sandbox.warmup import _gray_profile

    return _gray_profile()


def test_quality_counts() -> None:
    for format in Format:
        sizes = []
        for quality in (20, 60, 95):
            [version] = develop(_photo(), Rendition(300, 300, Fit.INSIDE, format, quality).recipe).versions
            sizes.append(len(version.data))
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[2] / 2


def _photo() -> bytes:
    return encoded(scene(900, 600), "JPEG", quality=92)


def test_a_name_tells_all_and_fits_into_a_key() -> None:
    for fit, format in product(Fit, Format):
        one = Rendition(MOST_SIDE, MOST_SIDE, fit, format, 100)
        assert named(one.name) == one
        assert len(one.name) <= 32
    for other in ("thumb", "p12", "r_1x1_inside_gif_q80", "r_1x1_inside_jpeg_q80x", "r_12345x1_inside_jpeg_q80"):
        assert named(other) is None


def test_the_sandbox_gives_the_format_that_was_asked_for_or_nothing() -> None:
    recipe = Rendition(40, 40, Fit.INSIDE, Format.AVIF, 70).recipe
    source = messages.SourceHead("jpeg", "image/jpeg", 80, 80, 1)
    head = messages.VersionHead(recipe.name, 40, 40, "image/jpeg", "jpg", "ab" * 32, 10)
    with pytest.raises(SandboxDied, match="another format"):
        checked(messages.Done(source, [head]), Outbox(), messages.Job(recipe, 10))


async def test_every_rendition_is_made_in_the_sandbox_as_out_here() -> None:
    async with Sandbox() as sandbox:
        for fit, format in product(Fit, Format):
            recipe = Rendition(64, 64, fit, format, 70).recipe
            [inside] = (await sandbox.develop(_photo(), recipe=recipe)).versions
            [outside] = develop(_photo(), recipe).versions
            assert numpy.array_equal(numpy.asarray(opened(inside)), numpy.asarray(opened(outside)))
