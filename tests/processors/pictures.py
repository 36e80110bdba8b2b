"""Pictures made on the spot, for every kind that is read and every fault that is refused."""

import io
import struct
import zlib
from functools import cache

import numpy
import pillow_avif  # noqa: F401  registers its encoder
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

# Where the four corners of `corners` have their colors: red, green, blue, white, read like a page.
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 180, 30), (30, 30, 200), (240, 240, 240)


def corners(width: int, height: int) -> Image.Image:
    """A color a quarter: which corner is where tells how a picture was turned."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image


def scene(width: int, height: int, seed: int = 1) -> Image.Image:
    """Soft shapes with fine grain, like a photo."""
    random = numpy.random.default_rng(seed)
    coarse = random.integers(0, 256, (7, 9, 3), dtype=numpy.uint8)
    soft = numpy.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=numpy.int16)
    grain = random.integers(-12, 13, (height, width, 1), dtype=numpy.int16)
    return Image.fromarray(numpy.clip(soft + grain, 0, 255).astype(numpy.uint8))


@cache
def large() -> bytes:
    """A PNG that takes a while to develop, and much memory."""
    return encoded(scene(6000, 4500), "PNG", compress_level=1)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """`image` as a file of a Pillow format."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def animation(kind: str, frames: int, side: int = 8) -> bytes:
    """An animation of frames that differ, the first one red."""
    images = [Image.new("RGB", (side, side), ((255, 0, 0), (0, 200, 0), (0, 0, 220))[n % 3]) for n in range(frames)]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], duration=20)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header claims a size (PNG specification, section 5)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    )


def matrix_profile(red: tuple[int, ...], green: tuple[int, ...], blue: tuple[int, ...], padding: int = 0) -> bytes:
    """An ICC profile of three primaries in D50 XYZ (units of 1/65536) and gamma 2.2, made larger by `padding` bytes.

    ICC.1:2001-04: header 6.1, tag table 6.2.
    """
    white = (63190, 65536, 54061)
    tags = {name: b"XYZ \0\0\0\0" + struct.pack(">3i", *xyz) for name, xyz in
            ((b"wtpt", white), (b"rXYZ", red), (b"gXYZ", green), (b"bXYZ", blue))}  # fmt: skip
    tags |= {name: b"curv\0\0\0\0" + struct.pack(">IHH", 1, 563, 0) for name in (b"rTRC", b"gTRC", b"bTRC")}
    if padding:
        tags[b"cprt"] = b"text\0\0\0\0" + b"x" * (padding // 4 * 4 - 4) + b"\0\0\0\0"
    table, body, offset = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI12s", size, b"", 0x02400000, b"mntrRGB XYZ ") + struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    return (header + b"acsp" + bytes(28) + struct.pack(">3i", *white)).ljust(128, b"\0") + table + body


# Display P3's primaries, adapted to D50.
DISPLAY_P3 = matrix_profile((33756, 15806, -69), (19145, 45351, 2746), (10289, 4379, 51384))
