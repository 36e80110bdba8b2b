"""Opening a document: what can be known, and refused, before anything is drawn."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy
import pypdfium2
from pypdfium2 import raw

from processors.limits import MAX_PAGES
from processors.pdf import engine
from processors.refusals import Code, Refused

LOCKED = {
    raw.FPDF_ERR_PASSWORD: "The PDF is protected by a password. Please send it without.",
    raw.FPDF_ERR_SECURITY: "The PDF is encrypted in a way that can't be read. Please send it without.",
}


class Page:
    """A page that is open. `handle` is PDFium's, `form` that of the fields drawn upon it."""

    def __init__(self, handle: Any) -> None:
        self.handle, self.form = handle, handle.formenv

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points, cropped and turned as it is displayed; maybe nonsense."""
        width, height = self.handle.get_size()
        return float(width), float(height)


class Document:
    """A document that is open, of so many `pages`, which are counted from 1."""

    def __init__(self, handle: Any) -> None:
        self._handle, self.pages = handle, len(handle)

    @contextlib.contextmanager
    def page(self, number: int) -> Iterator[Page]:
        """Raises Refused: no_such_page, damaged."""
        if not 1 <= number <= self.pages:
            raise Refused(Code.NO_SUCH_PAGE, f"There is no page {number:,} in a PDF of {self.pages:,}.")
        try:
            handle = self._handle.get_page(number - 1)
        except engine.Error as error:
            raise Refused(Code.DAMAGED, f"The PDF is damaged: page {number:,} can't be read.") from error
        with contextlib.closing(handle):
            yield Page(handle)


@contextlib.contextmanager
def opened(data: memoryview) -> Iterator[Document]:
    """The document in `data`, which is read where it lies. Raises Refused: damaged, encrypted, too_many_pages."""
    place = numpy.frombuffer(data, numpy.uint8)
    handle = raw.FPDF_LoadMemDocument64(place.ctypes.data, place.size, None)
    if not handle:
        raise _refusal(raw.FPDF_GetLastError())
    with contextlib.closing(pypdfium2.PdfDocument(handle)) as document:
        pages = len(document)
        if pages < 1:
            raise Refused(Code.DAMAGED, "The PDF has no pages.")
        if pages > MAX_PAGES:
            message = f"The PDF has {pages:,} pages; at most {MAX_PAGES:,} are allowed."
            raise Refused(Code.TOO_MANY_PAGES, message)
        with contextlib.suppress(engine.Error):  # then it is shown without what was filled in
            document.init_forms()
        yield Document(document)


def _refusal(error: int) -> Refused:
    if error in LOCKED:
        return Refused(Code.ENCRYPTED, LOCKED[error])
    return Refused(Code.DAMAGED, "The PDF is damaged and can't be read.")
