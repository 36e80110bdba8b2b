"""The segments of a JPEG file in front of its pixels, walked without a decoder."""

from processors.limits import MAX_METADATA_BYTES
from processors.refusals import Code, Refused

# ITU-T T.81, B.1.1: each begins with 0xFF and its marker; these have no length.
FILL, START_OF_SCAN, END = 0xFF, 0xDA, 0xD9
ALONE = {0x01, 0xD8, *range(0xD0, 0xD8)}
APPLICATION, COMMENT = range(0xE0, 0xF0), 0xFE


def limit_metadata(data: memoryview) -> None:
    """Refuse a JPEG file with more metadata than any camera writes: its reader's time grows with the square of it.

    Raises Refused: too_much_metadata. A file that is damaged is left for the decoder to judge.
    """
    if metadata_bytes(data) > MAX_METADATA_BYTES:
        limit = MAX_METADATA_BYTES >> 20
        message = f"The JPEG file has more than {limit} MB of metadata. Please send it without, or export it anew."
        raise Refused(Code.TOO_MUCH_METADATA, message, untouched=True)


def metadata_bytes(data: memoryview) -> int:
    """Bytes in application segments and comments before the first scan."""
    at, found = 2, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (START_OF_SCAN, END):
            break
        if marker == FILL or marker in ALONE:
            at += 1 if marker == FILL else 2
            continue
        length = data[at + 2] << 8 | data[at + 3]
        if marker in APPLICATION or marker == COMMENT:
            found += length
        at += 2 + length
    return found
