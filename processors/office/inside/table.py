"""The first rows of each sheet, as JSON: what cells show, not what they compute.

    {"sheets": [{"name": "Prices", "rows": [["Apple", "1.20 €"], …], "cut": true}, …], "cut": false}

cut: there is more of this sheet, or there are more sheets, than are here.
"""

import msgspec

from processors.limits import TABLE_SHEETS
from processors.office.inside import archive
from processors.office.inside.sheets import Reader
from processors.office.inside.sheets import Sheet as Sheet

CONTENT = "content.xml"


class Table(msgspec.Struct):
    sheets: list[Sheet]
    cut: bool


def told(sheets: list[Sheet]) -> bytes:
    return msgspec.json.encode(Table(sheets[:TABLE_SHEETS], len(sheets) > TABLE_SHEETS))


def of_open_document(data: memoryview | bytes) -> bytes:
    """Of an OpenDocument spreadsheet. Raises Refused as `archive` does."""
    view = memoryview(data)
    member = next((one for one in archive.members(view) if one.name == CONTENT), None)
    if member is None:
        raise archive.damaged()
    reader = Reader()
    for piece in archive.unpacked(view, member):
        if not reader.read(piece):
            break
    return told(reader.sheets)
