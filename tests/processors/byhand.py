"""Files that Pillow reads but doesn't write, put together by hand."""

import struct
import zlib

import numpy


def png(rows: numpy.ndarray, depth: int, colour_type: int, clear: tuple[int, ...]) -> bytes:
    """A PNG of packed `rows` (bytes or big-endian samples) whose transparent colour is `clear` (PNG, 11.2 and 11.3)."""
    height, width = len(rows), rows[0].nbytes * 8 // depth // (3 if colour_type == 2 else 1)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0),
        b"tRNS": struct.pack(f">{len(clear)}H", *clear),
        b"IDAT": zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, content) for name, content in chunks.items())


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def tiff(width: int, height: int, bits: int, photometric: int, samples: bytes) -> bytes:
    """A little-endian TIFF of one uncompressed gray strip (TIFF 6.0, sections 2 to 4)."""
    tags = ((256, width), (257, height), (258, bits), (259, 1), (262, photometric), (273, 8), (277, 1), (278, height))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in (*tags, (279, len(samples))))
    return b"II*\0" + struct.pack("<I", 8 + len(samples)) + samples + struct.pack("<H", 9) + entries + bytes(4)


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def profile(space: bytes, kind: bytes = b"mntr", size: int = 0) -> bytes:
    """An ICC profile that is only a header, an empty table, and zeros up to `size` bytes."""
    header = struct.pack(">I4sI", max(132, size), b"", 0x02400000) + kind + space + b"XYZ "
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(132, b"\0").ljust(size, b"\0")
