"""Texts in whatever encoding, as characters: the beginning of them, as far as it is ever shown."""

import codecs

from processors.limits import MAX_PRINTED_BYTES, MAX_TEXT_BYTES

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# When nothing says what it is and it is not UTF-8: what most programs of the last thirty years have written.
OLD = "cp1252"
# Lines end in one character, and nothing else controls.
DROPPED = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0), 0xFEFF, 0xFFFE, 0xFFFF} - {ord("\n"), ord("\t"), ord("\f")})
for _name in ("utf-8", "utf-16-le", "utf-16-be", OLD):
    codecs.lookup(_name)  # what is loaded late could not be loaded any more


def decoded(data: memoryview) -> str:
    """The beginning of the text in `data`, with line feeds at the ends of lines."""
    beginning, whole = bytes(data[:MAX_TEXT_BYTES]), len(data) <= MAX_TEXT_BYTES
    text = _marked(beginning) or _unmarked(beginning, whole)
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(DROPPED)


def _marked(data: bytes) -> str:
    for mark, name in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    return ""


def _unmarked(data: bytes, whole: bool) -> str:
    try:
        # A character that the end of what is looked at cuts in two is no fault.
        return codecs.getincrementaldecoder("utf-8")().decode(data, whole)
    except UnicodeDecodeError:
        return data.decode(OLD, "replace")


def kept(text: str) -> bytes:
    """As its own version, UTF-8."""
    return _cut(text, MAX_TEXT_BYTES) if text.strip() else b""


def printed(text: str) -> bytes:
    """As LibreOffice is given it: of a long one the beginning."""
    return _cut(text, MAX_PRINTED_BYTES)


def _cut(text: str, most: int) -> bytes:
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore").encode()
