"""Covers as ffmpeg takes them for attachments: a Matroska file that holds nothing else (RFC 9559).

Of a cover in its source it would make a track of moving pictures, and to attach a file it would open a path.
"""

from collections.abc import Sequence

# A type that ffmpeg does not take for a picture's: so the stream stays an attachment.
TYPE = b"application/x-cover"


def attachments(parts: Sequence[bytes]) -> bytes:
    """A file with each of `parts` as an attachment."""
    head = b"".join(
        _element(name, value)
        for name, value in (
            ("4286", b"\x01"),  # EBMLVersion
            ("42f7", b"\x01"),  # EBMLReadVersion
            ("42f2", b"\x04"),  # EBMLMaxIDLength
            ("42f3", b"\x08"),  # EBMLMaxSizeLength
            ("4282", b"matroska"),  # DocType
            ("4287", b"\x04"),  # DocTypeVersion
            ("4285", b"\x02"),  # DocTypeReadVersion
        )
    )
    info = _element("2ad7b1", (1_000_000).to_bytes(4, "big")) + _element("4d80", b"-") + _element("5741", b"-")
    files = b"".join(_file(number, part) for number, part in enumerate(parts, 1))
    cluster = _element("1f43b675", _element("e7", b"\0"))  # without one its end would not be found
    segment = _element("1549a966", info) + _element("1941a469", files) + cluster
    return _element("1a45dfa3", head) + _element("18538067", segment)


def _file(number: int, data: bytes) -> bytes:
    words = _element("466e", b"cover") + _element("4660", TYPE) + _element("465c", data)  # FileName, its type, FileData
    return _element("61a7", words + _element("46ae", number.to_bytes(4, "big")))


def _element(name: str, data: bytes) -> bytes:
    """Of EBML: its name, its size in eight bytes, its data (RFC 8794)."""
    return bytes.fromhex(name) + (len(data) | 1 << 56).to_bytes(8, "big") + data
