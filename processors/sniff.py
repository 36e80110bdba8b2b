"""What a file is by its content alone, whatever its name says."""

import magic

from processors.refusals import Code, Refused

# libmagic reads no further than this for the kinds that are told apart here.
SNIFFED_BYTES = 4096

_magic = magic.Magic(mime=True)


def content_type(data: memoryview) -> str:
    """The content type that libmagic gives the file in `data`. Raises Refused: empty."""
    if not len(data):
        raise Refused(Code.EMPTY, "The file is empty.", untouched=True)
    found: str = _magic.from_buffer(bytes(data[:SNIFFED_BYTES]))
    return found
