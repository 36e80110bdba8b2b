"""Kinds of pictures that are read, and finding out which one a file is."""

from dataclasses import dataclass

from processors.refusals import Code, Refused
from processors.sniff import content_type


@dataclass(frozen=True)
class Kind:
    """`decoders` are the only Pillow formats tried for the kind: the decoder has to agree with what libmagic saw."""

    name: str
    content_type: str
    decoders: tuple[str, ...]


JPEG = Kind("jpeg", "image/jpeg", ("JPEG",))
PNG = Kind("png", "image/png", ("PNG",))
WEBP = Kind("webp", "image/webp", ("WEBP",))
GIF = Kind("gif", "image/gif", ("GIF",))
TIFF = Kind("tiff", "image/tiff", ("TIFF",))
HEIC = Kind("heic", "image/heic", ("HEIF",))
AVIF = Kind("avif", "image/avif", ("AVIF",))

BY_CONTENT_TYPE = {kind.content_type: kind for kind in (JPEG, PNG, WEBP, GIF, TIFF, HEIC, AVIF)} | {
    "image/apng": PNG,
    "image/vnd.mozilla.apng": PNG,
    "image/heif": HEIC,
    "image/heic-sequence": HEIC,
    "image/heif-sequence": HEIC,
    "image/avif-sequence": AVIF,
}

SUPPORTED = "JPEG, PNG, WebP, GIF, TIFF, HEIC or AVIF"


def kind_of(data: memoryview) -> Kind:
    """The kind of the file in `data`, by its content alone.

    Raises Refused: empty, not_a_picture, or unsupported_kind for pictures of kinds that are not read.
    """
    found = content_type(data)
    kind = BY_CONTENT_TYPE.get(found)
    if kind:
        return kind
    if found.startswith("image/"):
        shown = found.removeprefix("image/").removeprefix("x-").removesuffix("+xml")
        message = f"Pictures of the kind “{shown}” are not supported. Please send {SUPPORTED}."
        raise Refused(Code.UNSUPPORTED_KIND, message, untouched=True)
    message = f"This is not a picture, whatever its name says. Please send {SUPPORTED}."
    raise Refused(Code.NOT_A_PICTURE, message, untouched=True)
