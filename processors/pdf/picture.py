"""A page as a picture: on white, with annotations and what was filled into forms."""

import math

import numpy
from pypdfium2 import raw

from processors.image.pixels import mapped
from processors.image.raster import Raster
from processors.limits import MAX_PAGE_PIXELS
from processors.pdf.document import Page
from processors.recipes import VersionSpec

# Red first, as everything behind it wants it.
FLAGS = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER


def picture_of(page: Page, box: VersionSpec) -> Raster:
    """`page` drawn as large as fits into `box`: it has no pixels of its own that would be enlarged."""
    width, height = pixels_of(page.size, box)
    pixels = numpy.full((height, width, 4), 255, numpy.uint8)
    bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGRx, pixels.ctypes.data, width * 4)
    if not bitmap:
        raise MemoryError
    try:
        where = (0, 0, width, height, 0, FLAGS)
        raw.FPDF_RenderPageBitmap(bitmap, page.handle, *where)
        if page.form:
            raw.FPDF_FFLDraw(page.form, bitmap, page.handle, *where)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
    return Raster(mapped(pixels))


def pixels_of(size: tuple[float, float], box: VersionSpec) -> tuple[int, int]:
    """Width and height in pixels of a page of `size`: all of `box` that its proportions allow."""
    width, height = size
    scale = min(box.width / width, box.height / height, math.sqrt(MAX_PAGE_PIXELS / (width * height)))
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))
