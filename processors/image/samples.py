"""Samples of other than eight bits, where Pillow leaves them, or what goes with them, as the file has them."""

import numpy
from PIL import Image

# TIFF 6.0, section 8.
BITS_PER_SAMPLE, PHOTOMETRIC = 258, 262
WHITE_IS_ZERO = 0
# PNG, third edition, 11.2.1: the depth stands behind the signature, the length and name of IHDR, and two sizes.
PNG_DEPTH_AT = 24


def eight_bit(image: Image.Image) -> Image.Image:
    """Gray of more than 8 bits, reduced to its upper 8; with alpha if the file names a transparent gray.

    Pillow reduces colour by itself. Of gray TIFF it keeps 12 bits as numbers up to 4095, and white as zero.
    """
    samples = numpy.asarray(image)
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(BITS_PER_SAMPLE, (16,))[0]
    gray = (samples >> (bits - 8)).astype(numpy.uint8)
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        gray = ~gray
    clear = image.info.get("transparency")
    if clear is None:
        return Image.fromarray(gray)
    return Image.merge(
        "LA", [Image.fromarray(gray), Image.fromarray(numpy.where(samples == clear, 0, 255).astype("u1"))]
    )


def scale_transparency(image: Image.Image, data: memoryview) -> None:
    """Bring the transparent colour of the PNG in `data` to the 8 bits that Pillow gives its pixels.

    The file names it in samples of its own depth (PNG, 11.3.1.1). 16-bit gray keeps its samples: see `eight_bit`.
    """
    clear, depth = image.info.get("transparency"), data[PNG_DEPTH_AT]
    if image.mode == "L" and isinstance(clear, int) and depth in (2, 4):
        image.info["transparency"] = clear * 255 // (2**depth - 1)
    elif image.mode == "RGB" and isinstance(clear, tuple) and depth == 16:
        image.info["transparency"] = tuple(sample >> 8 for sample in clear)
