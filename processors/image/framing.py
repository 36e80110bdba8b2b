"""A picture that was scaled to a box: what juts out cut off, or a ground put behind it."""

from PIL import Image

from processors.image.raster import Raster
from processors.recipes import Fit, VersionSpec

WHITE, CLEAR = "white", (0, 0, 0, 0)


def framed(picture: Raster, spec: VersionSpec, size: tuple[int, int]) -> Raster:
    """`picture`, of a source of `size` (width, height) and scaled as `spec` says, in its frame: always the middle.

    What has transparency is put on a clear ground, all else on white.
    """
    wanted = spec.framed(*size)
    if picture.size == wanted:
        return picture
    across, down = ((a - b) // 2 for a, b in zip(wanted, picture.size, strict=True))
    if spec.fitting is Fit.COVER:
        return Raster(picture.image.crop((-across, -down, wanted[0] - across, wanted[1] - down)))
    if spec.fitting is Fit.INSIDE:
        return picture  # a source whose proportions were rounded otherwise
    mode = "RGB" if picture.image.mode == "RGBX" else picture.image.mode
    ground = Image.new(mode, wanted, CLEAR if mode == "RGBA" else WHITE)
    ground.paste(picture.image.convert(mode), (across, down))
    return Raster(ground)


def on_white(image: Image.Image) -> Image.Image:
    """`image` without transparency, for formats that have none."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return ground
