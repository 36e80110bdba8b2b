"""The kinds of documents and spreadsheets that are read, and how LibreOffice is told which one a file is.

It is never left to its own guess: a "letter" that is a web page would be read as one, with all that it names.
"""

import json
from dataclasses import dataclass

from processors.limits import MAX_SHEET_PAGES


@dataclass(frozen=True)
class Kind:
    """name: also the extension. reader: LibreOffice's filter for it. marks: what stands in a container of this kind."""

    name: str
    content_type: str
    reader: str
    sheets: bool = False
    plain: bool = False
    marks: tuple[bytes, ...] = ()

    @property
    def writer(self) -> str:
        """LibreOffice's filter that makes a PDF of it."""
        if not self.sheets:
            return "pdf:writer_pdf_Export"
        pages = {"PageRange": {"type": "string", "value": f"1-{MAX_SHEET_PAGES}"}}
        return f"pdf:calc_pdf_Export:{json.dumps(pages)}"


OPEN_XML = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

DOCX = Kind(
    "docx",
    OPEN_XML + "wordprocessingml.document",
    "MS Word 2007 XML",
    marks=(b"wordprocessingml.document.main+xml", b"ms-word.document.macroEnabled.main+xml"),
)
XLSX = Kind(
    "xlsx",
    OPEN_XML + "spreadsheetml.sheet",
    "Calc MS Excel 2007 XML",
    sheets=True,
    marks=(b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"),
)
ODT = Kind("odt", OPEN_DOCUMENT + "text", "writer8")
ODS = Kind("ods", OPEN_DOCUMENT + "spreadsheet", "calc8", sheets=True)
RTF = Kind("rtf", "text/rtf", "Rich Text Format")
TXT = Kind("txt", "text/plain", "Text (encoded):UTF8,LF,,,", plain=True)
MD = Kind("md", "text/markdown", TXT.reader, plain=True)
# Comma, quotation marks, UTF-8, from the first line on: `inside` makes it so.
CSV = Kind("csv", "text/csv", "Text - txt - csv (StarCalc):44,34,76,1", sheets=True, plain=True)

# What libmagic calls some of them, and what is none: only a look inside tells which, and whether it is locked.
LOOKED_INTO = frozenset(
    {
        *("application/zip", "application/x-ole-storage", "application/CDFV2"),
        *("application/CDFV2-encrypted", "application/encrypted"),
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-office", "application/rtf"),
        *("application/json", "application/x-ndjson", "application/javascript", "application/csv"),
    }
)
KINDS = (DOCX, ODT, RTF, TXT, MD, XLSX, ODS, CSV)
EXTENSIONS = {kind.name: kind for kind in KINDS} | {"text": TXT, "markdown": MD}
