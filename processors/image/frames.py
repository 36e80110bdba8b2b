"""Counting the frames of an animation without decoding them."""

from PIL import Image

from processors.image.kinds import GIF, JPEG, TIFF, Kind
from processors.limits import MAX_FRAMES
from processors.refusals import Code, Refused


def count(data: memoryview, image: Image.Image, kind: Kind) -> int:
    """Frames (pages, for TIFF) in the file. Raises Refused too_many_frames over the limit."""
    if kind is JPEG:  # phones append pictures of other sizes; they are no animation
        return 1
    if kind is GIF:
        frames = gif_frames(data, MAX_FRAMES + 1)
    elif kind is TIFF:
        frames = _tiff_pages(image, MAX_FRAMES + 1)
    else:  # the containers of the others say it in their headers
        frames = getattr(image, "n_frames", 1)
    if frames > MAX_FRAMES:
        shown = f"more than {MAX_FRAMES:,}" if kind in (GIF, TIFF) else f"{frames:,}"
        message = f"The animation has {shown} frames; at most {MAX_FRAMES:,} are allowed."
        raise Refused(Code.TOO_MANY_FRAMES, message)
    return max(1, frames)


def gif_frames(data: memoryview, enough: int) -> int:
    """Image descriptors in a GIF file, at most `enough`: a walk over its blocks (GIF89a specification, section 12)."""
    position, frames = 13 + _table_bytes(data[10]), 0
    while position < len(data) and frames < enough:
        block = data[position]
        if block == 0x21:  # extension: label, then sub-blocks
            position = _after_sub_blocks(data, position + 2)
        elif block == 0x2C and position + 9 < len(data):  # image: descriptor, local colours, code size, sub-blocks
            frames += 1
            position = _after_sub_blocks(data, position + 10 + _table_bytes(data[position + 9]) + 1)
        else:  # trailer, or damage
            break
    return frames


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: memoryview, position: int) -> int:
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1


def _tiff_pages(image: Image.Image, enough: int) -> int:
    """Pages of a TIFF file, at most `enough`: a file could hold millions of directories."""
    pages = 1
    try:
        while pages < enough:
            image.seek(pages)
            pages += 1
    except (EOFError, OSError, ValueError, TypeError, KeyError, SyntaxError):
        pass  # the end, or a damaged later page: the first is what counts
    image.seek(0)
    return pages
