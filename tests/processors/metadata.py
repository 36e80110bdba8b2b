"""What a version holds besides pixels, read by hand from its segments and chunks."""

# ITU-T T.81, table B.1: frames, tables, scans, restart interval, start and end; APP0 is JFIF's.
JPEG_NEEDED = {0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0}
ICC_SEGMENT = 0xE2
# RFC 9649, section 2.7.
WEBP_NEEDED = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}


def foreign(data: bytes) -> list[str]:
    """The parts of a version that are neither pixels nor a colour profile."""
    return _of_jpeg(data) if data[:2] == b"\xff\xd8" else _of_webp(data)


def _of_jpeg(data: bytes) -> list[str]:
    found, at = [], 2
    while data[at + 1] != 0xDA:
        assert data[at] == 0xFF
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        profile = marker == ICC_SEGMENT and data[at + 4 : at + 16] == b"ICC_PROFILE\0"
        if marker not in JPEG_NEEDED and not profile:
            found.append(f"segment {marker:02x}")
        at += 2 + length
    if not data.endswith(b"\xff\xd9") or data.count(b"\xff\xd9") != 1:
        found.append("bytes behind the end")
    return found


def _of_webp(data: bytes) -> list[str]:
    assert data[:4] == b"RIFF"
    found, at = [], 12
    while at < len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name not in WEBP_NEEDED:
            found.append(f"chunk {name!r}")
        at += 8 + length + length % 2
    return found
