"""An encoded version: pixels, a profile, and nothing else."""

from dataclasses import dataclass

# ICC.1:2022 annex B.4: a profile goes into APP2 segments, each with this mark, its number and their count.
ICC_MARK = b"ICC_PROFILE\0"
ICC_SEGMENT_BYTES = 65_535 - 2 - len(ICC_MARK) - 2


@dataclass(frozen=True)
class Encoded:
    content_type: str
    extension: str
    data: bytes


def jpeg(data: bytes, profile: bytes | None) -> Encoded:
    """A JPEG file as the encoder wrote it, with `profile` put in."""
    return Encoded("image/jpeg", "jpg", _with_profile(data, profile) if profile else data)


def _with_profile(data: bytes, profile: bytes) -> bytes:
    """Put `profile` behind the SOI and JFIF segments that every encoded file begins with."""
    jfif_end = 4 + int.from_bytes(data[4:6], "big")
    parts = [profile[i : i + ICC_SEGMENT_BYTES] for i in range(0, len(profile), ICC_SEGMENT_BYTES)]
    segments = []
    for number, part in enumerate(parts, start=1):
        content = ICC_MARK + bytes([number, len(parts)]) + part
        segments.append(b"\xff\xe2" + (len(content) + 2).to_bytes(2, "big") + content)
    return b"".join([data[:jfif_end], *segments, data[jfif_end:]])
