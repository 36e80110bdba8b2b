"""PDFium, told where not to look: it has no network and no scripts, and here it gets no fonts of the system either.

Documents bring their fonts with them; for the few that don't it has some of its own. What it would find in folders is
another on every machine, and can't be opened behind the doors of the sandbox.
"""

import pypdfium2  # importing it starts the library
from pypdfium2 import raw
from pypdfium2.version import PDFIUM_INFO

# An interface without a single function: whatever is asked for isn't there. PDFium keeps its address.
_NO_FONTS = raw.FPDF_SYSFONTINFO(version=1)
raw.FPDF_SetSystemFontInfo(_NO_FONTS)

Error = pypdfium2.PdfiumError


def check() -> None:
    """Raises ValueError when the library was built to run scripts, or forms that are made of them."""
    if {"V8", "XFA"} & set(PDFIUM_INFO.flags):
        raise ValueError("PDFium was built with scripts: the environment has to be made anew")
