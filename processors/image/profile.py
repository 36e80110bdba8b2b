"""A colour profile without what isn't about colour."""

import struct

# ICC.1:2022, 7.2 and 7.3: the size of the header and where it says a checksum; then the number of tags, and of each its
# name, place and length.
HEADER_BYTES, ENTRY_BYTES = 128, 12
CHECKSUM = slice(84, 100)
MOST_TAGS = 100
# What is needed to compute colours, and the two texts that every profile must have. Screens' profiles also hold serial
# numbers (`mmod`, `meta`), and anything at all fits into tags that programs have made up.
KEPT = frozenset(
    {
        *(b"desc", b"cprt", b"wtpt", b"bkpt", b"chad", b"lumi", b"cicp", b"kTRC"),
        *(b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"),
        *(kind + bytes([intent]) for kind in (b"A2B", b"B2A", b"D2B", b"B2D") for intent in b"0123"),
    }
)


def bare(profile: bytes | None) -> bytes | None:
    """`profile` with its colour tags alone; None if there is none, or its table of tags is broken."""
    if not profile or len(profile) < HEADER_BYTES + 4:
        return None
    (count,) = struct.unpack_from(">I", profile, HEADER_BYTES)
    table = profile[HEADER_BYTES + 4 :][: count * ENTRY_BYTES]
    if count > MOST_TAGS or len(table) < count * ENTRY_BYTES:
        return None
    tags = [(name, profile[at : at + length], length) for name, at, length in struct.iter_unpack(">4sII", table)]
    if any(len(content) < length for _, content, length in tags):
        return None
    return _written(profile[:HEADER_BYTES], {name: content for name, content, _ in tags if name in KEPT})


def _written(header: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of these tags, each at a multiple of four bytes; equal ones share a place (ICC.1:2022, 7.3.1)."""
    start = HEADER_BYTES + 4 + len(tags) * ENTRY_BYTES
    places: dict[bytes, int] = {}
    body = b""
    for content in tags.values():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
    table = b"".join(name + struct.pack(">II", places[content], len(content)) for name, content in tags.items())
    head = bytearray(struct.pack(">I", start + len(body)) + header[4:])
    head[CHECKSUM] = bytes(16)
    return bytes(head) + struct.pack(">I", len(tags)) + table + body
