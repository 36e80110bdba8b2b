"""Pictures of every format, made by the tests."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pillow_heif
from PIL import Image


def pixels(width: int = 1200, height: int = 900, seed: int = 1) -> np.ndarray:
    """Soft colours under grain: uint8 of shape (height, width, 3)."""
    random = np.random.default_rng(seed)
    small = random.integers(20, 235, (6, 8, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    return np.clip(soft + random.normal(0, 8, (height, width, 1)), 0, 255).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(width: int = 1200, height: int = 900, seed: int = 1, **options: Any) -> bytes:
    return encoded(Image.fromarray(pixels(width, height, seed)), "JPEG", quality=90, **options)


def _picture() -> Image.Image:
    return Image.fromarray(pixels())


def _faded() -> Image.Image:
    picture = _picture().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


def _animated() -> bytes:
    frames = [Image.fromarray(pixels(400, 300, seed)) for seed in range(3)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def _heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(_picture()).save(out, quality=80)
    return out.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "plain.jpg": lambda: encoded(_picture(), "JPEG", quality=90),
    "progressive.jpg": lambda: encoded(_picture(), "JPEG", quality=90, progressive=True),
    "gray.jpg": lambda: encoded(_picture().convert("L"), "JPEG"),
    "cmyk.jpg": lambda: encoded(_picture().convert("CMYK"), "JPEG"),
    "plain.png": lambda: encoded(_picture(), "PNG"),
    "alpha.png": lambda: encoded(_faded(), "PNG"),
    "palette.png": lambda: encoded(_picture().quantize(64), "PNG"),
    "wide.png": lambda: cv2.imencode(".png", pixels().astype(np.uint16) * 257)[1].tobytes(),
    "plain.webp": lambda: encoded(_picture(), "WEBP"),
    "animated.gif": _animated,
    "plain.tif": lambda: encoded(_picture(), "TIFF", compression="tiff_lzw"),
    "plain.heic": _heic,
    "plain.avif": lambda: cv2.imencode(".avif", pixels()[:, :, ::-1])[1].tobytes(),
}
"""One file of every kind that is read, by a name that says which; made when it is asked for, which takes a second."""


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of so many pixels in a few bytes (PNG specification, 5 and 11.2.2)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width + 1) * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def long_animation(frames: int = 1001) -> bytes:
    """A GIF of so many tiny frames."""
    colours = [Image.new("L", (2, 2), number % 251) for number in range(frames)]
    return encoded(colours[0], "GIF", save_all=True, append_images=colours[1:])
