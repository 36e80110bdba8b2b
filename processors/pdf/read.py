"""The pipeline: open, render one page, make the versions of its picture, take the text."""

import hashlib

from processors.image.versions import versions_of
from processors.limits import MAX_PAGE_POINTS
from processors.pdf.document import Page, opened
from processors.pdf.picture import picture_of
from processors.pdf.text import text_of
from processors.recipes import PHOTO, Recipe
from processors.refusals import Code, Refused
from processors.results import Developed, Facts, Version, text_version
from processors.sniff import content_type

PDF = "application/pdf"


def read(data: bytes | bytearray | memoryview, recipe: Recipe = PHOTO, page: int | None = None) -> Developed:
    """Read the PDF file in `data`: a picture of a page in the versions of `recipe`, and text.

    page: the only one to be read, counted from 1. None: the picture of the first and the text of all.
    Raises Refused: empty, not_a_pdf, damaged, encrypted, too_many_pages, page_too_large, no_such_page; MemoryError
    when it needs more than the process may have.
    """
    view = memoryview(data)
    if content_type(view) != PDF:
        raise Refused(Code.NOT_A_PDF, "This is not a PDF, whatever its name says.", untouched=True)
    with opened(view) as document:
        number = 1 if page is None else page
        with document.page(number) as shown:
            size = _points(shown, number)
            picture = picture_of(shown, recipe.versions[0])
        versions = versions_of(picture, None, recipe, picture.size)
        text, text_pages = text_of(document, range(1, document.pages + 1) if page is None else range(page, page + 1))
        facts = Facts("pdf", PDF, *size, frames=1, pages=document.pages, text_pages=text_pages)
    return Developed(facts, versions + _texts(text))


def _points(page: Page, number: int) -> tuple[int, int]:
    """The size (width, height) of `page` in whole points, as it is displayed."""
    if not all(0 < side <= MAX_PAGE_POINTS for side in page.size):
        limit = MAX_PAGE_POINTS // 72
        message = f"Page {number:,} of the PDF is longer or wider than {limit:,} inches, or has no size."
        raise Refused(Code.PAGE_TOO_LARGE, message)
    width, height = page.size
    return max(1, round(width)), max(1, round(height))


def _texts(text: bytes) -> list[Version]:
    return [text_version(text, hashlib.sha256(text).hexdigest())] if text else []
