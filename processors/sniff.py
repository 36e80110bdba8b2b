"""What a file is by its content alone, whatever its name says."""

import magic

from processors.plugin import recognised
from processors.refusals import Code, Refused

# Members of an office file may come in any order, and a text may have its first odd character late.
SNIFFED_BYTES = 64 << 10

UNKNOWN, PLAIN, TRANSPORT_STREAM = "application/octet-stream", "text/plain", "video/mp2t"
PACKETS, SYNC = 5, 0x47

_magic = magic.Magic(mime=True)


def content_type(data: memoryview) -> str:
    """The content type that libmagic gives the file in `data`. Raises Refused: empty."""
    if not len(data):
        raise Refused(Code.EMPTY, "The file is empty.", untouched=True)
    head = bytes(data[:SNIFFED_BYTES])
    found: str = _magic.from_buffer(head)
    if found in (UNKNOWN, PLAIN) and (other := recognised(head)):
        return other
    return TRANSPORT_STREAM if found == UNKNOWN and _is_transport_stream(head) else found


def _is_transport_stream(head: bytes) -> bool:
    """MPEG's, which libmagic does not tell from other data: packets of 188 bytes, each begun by a sync byte (ISO/IEC
    13818-1, 2.4.3.2); those of cameras and Blu-rays are led by four bytes of time.
    """
    for first, step in ((0, 188), (4, 192)):
        begun = head[first::step]
        if len(begun) >= PACKETS and set(begun) == {SYNC}:
            return True
    return False
