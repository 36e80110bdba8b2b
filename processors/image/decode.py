"""Decoding: the one time that compressed bytes become pixels."""

import simplejpeg
from PIL import Image

from processors.image import turbojpeg
from processors.image.kinds import JPEG
from processors.image.pixels import mapped
from processors.image.planes import Planes
from processors.image.source import Source
from processors.refusals import Code, Refused


def decode_planes(source: Source, size: tuple[int, int]) -> Planes | None:
    """The planes of a plain photo, no smaller than `size`; None for everything that isn't one: `decode` takes all."""
    if source.kind is not JPEG or source.image.mode != "RGB":
        return None
    planes = turbojpeg.decode(source.data, size)
    return Planes(planes[0], (planes[1], planes[2])) if planes else None


def decode(source: Source, size: tuple[int, int]) -> Image.Image:
    """The first frame's pixels, as stored (not turned), in the file's own mode; colour JPEG gives RGBX.

    `size` (width, height) is what the picture will be shrunk to first: JPEG is decoded no larger than needed for it.
    Raises Refused: truncated, damaged.
    """
    if source.kind is JPEG and source.image.mode == "RGB":
        pixels = _decode_jpeg(source, size)
        if pixels is not None:
            return pixels
    return _decode_with_pillow(source, size)


def _decode_jpeg(source: Source, size: tuple[int, int]) -> Image.Image | None:
    """Decode colour JPEG with libjpeg-turbo straight into four bytes a pixel, which Pillow maps without a copy.

    The decoder scales by eighths in the frequency domain. None when it met anything that strict decoding won't take,
    which may be harmless: Pillow, told apart by it, has the last word.
    """
    try:
        array = simplejpeg.decode_jpeg(source.data, "RGBX", min_width=size[0], min_height=size[1])
    except ValueError:
        return None
    return mapped(array)


def _decode_with_pillow(source: Source, size: tuple[int, int]) -> Image.Image:
    image = source.image
    try:
        if source.kind is JPEG:
            image.draft(None, size)
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise _refusal(source, error) from error
    return image


def _refusal(source: Source, error: Exception) -> Refused:
    name = source.kind.name.upper()
    words = str(error).lower()
    if "truncated" in words or "premature" in words or isinstance(error, EOFError):
        return Refused(
            Code.TRUNCATED, f"The {name} file ends too early: part of the picture is missing. Please send it again."
        )
    return Refused(Code.DAMAGED, f"The {name} file is damaged and can't be decoded.")
