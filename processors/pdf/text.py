"""The text of pages, as it would be read aloud."""

import contextlib
import ctypes
import time
from collections.abc import Iterable
from typing import Any

from pypdfium2 import raw

from processors.limits import MAX_TEXT_BYTES, MAX_TEXT_SECONDS
from processors.pdf import engine
from processors.pdf.document import Document
from processors.refusals import Refused

# As other programs that make text of pages have it.
PAGE_BREAK = b"\f"
# Lines end in one character, and nothing else controls. PDFium leaves a mark, U+FFFE, where a hyphen divided a word.
DROPPED = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF} - {ord("\n"), ord("\t")})


def text_of(document: Document, numbers: Iterable[int]) -> tuple[bytes, int]:
    """The text of the pages of these `numbers`, UTF-8, and of how many of them it is.

    It ends early when it would be longer, or take longer, than it may. A page that can't be read has none.
    """
    deadline = time.monotonic() + MAX_TEXT_SECONDS
    parts: list[bytes] = []
    room, pages = MAX_TEXT_BYTES, 0
    for number in numbers:
        text = _text(document, number, room + 1).encode()
        if len(text) > room:
            parts.append(text[:room].decode(errors="ignore").encode())
            break
        parts.append(text)
        room, pages = room - len(text) - len(PAGE_BREAK), pages + 1
        if room <= 0 or time.monotonic() > deadline:
            break
    text = PAGE_BREAK.join(parts)
    return (text if text.strip() else b""), pages


def _text(document: Document, number: int, most: int) -> str:
    """The text of a page, of at most its first `most` characters."""
    try:
        with document.page(number) as page, contextlib.closing(page.handle.get_textpage()) as text_page:
            return _characters(text_page, min(most, text_page.count_chars())).translate(DROPPED)
    except (Refused, engine.Error):
        return ""


def _characters(text_page: Any, count: int) -> str:
    """The first `count` of PDFium's characters. Some are not part of the text, with which it must not begin or end."""
    first = _part(text_page, range(count))
    last = _part(text_page, range(count - 1, -1, -1))
    if first is None or last is None:
        return ""
    units = (ctypes.c_ushort * (last[1] - first[1] + 2))()
    got = raw.FPDFText_GetText(text_page, first[0], last[0] - first[0] + 1, units)
    return bytes(units)[: max(0, got - 1) * 2].decode("utf-16-le", errors="ignore")


def _part(text_page: Any, indexes: Iterable[int]) -> tuple[int, int] | None:
    """The first of `indexes` whose character is part of the text, and its place in there."""
    for index in indexes:
        place = raw.FPDFText_GetTextIndexFromCharIndex(text_page, index)
        if place >= 0:
            return index, place
    return None
