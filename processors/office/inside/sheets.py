"""Reading the first rows of each sheet out of the content of a spreadsheet (OpenDocument 1.3, part 3, section 9)."""

from xml.parsers import expat

import msgspec

from processors.limits import TABLE_CELL, TABLE_COLUMNS, TABLE_ROWS, TABLE_SHEETS
from processors.office.inside.archive import damaged

TABLE_NAMES = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
TEXT_NAMES = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
ANNOTATION = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 annotation"
SHEET, ROW, SOURCE = (TABLE_NAMES + name for name in ("table", "table-row", "table-source"))
CELLS = (TABLE_NAMES + "table-cell", TABLE_NAMES + "covered-table-cell")
PARAGRAPH = TEXT_NAMES + "p"
BLANKS = {TEXT_NAMES + "s": " ", TEXT_NAMES + "tab": "\t", TEXT_NAMES + "line-break": "\n"}
Attributes = dict[str, str]


class Sheet(msgspec.Struct):
    """`cut`: it has more rows or columns that are not empty."""

    name: str
    rows: list[list[str]]
    cut: bool = False


class Reader:
    """Takes the content piece by piece. `sheets`: what was found so far, one more than is shown of many."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._row: list[str] = []
        self._cell = ""
        self._in_paragraph = self._foreign = False
        # How often the row and the cell at hand stand there; rows before it with nothing in them; how deep in tables,
        # and in something that is not shown.
        self._rows = self._cells = self._blank = self._depth = self._hidden = 0

    def read(self, piece: bytes) -> bool:
        """False once more would change nothing. Raises Refused: damaged."""
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError as error:
            raise damaged() from error
        return len(self.sheets) <= TABLE_SHEETS

    def _begin(self, name: str, attributes: Attributes) -> None:
        if self._hidden or name == ANNOTATION:
            self._hidden += 1
        elif name == PARAGRAPH:
            self._in_paragraph = True
            self._cell += "\n" if self._cell else ""
        elif name in BLANKS:
            self._text(BLANKS[name])
        elif name == SHEET:
            self._depth += 1
            if self._depth == 1:
                self.sheets.append(Sheet(attributes.get(TABLE_NAMES + "name", "")[:TABLE_CELL], []))
                self._blank, self._foreign = 0, False
        elif self._depth == 1:
            self._begin_part(name, attributes)

    def _begin_part(self, name: str, attributes: Attributes) -> None:
        if name in CELLS:
            self._cell, self._cells = "", _times(attributes, "number-columns-repeated")
        elif name == ROW:
            self._row, self._rows = [], _times(attributes, "number-rows-repeated")
        elif name == SOURCE:
            self._foreign = True  # a copy of what another file has

    def _end(self, name: str) -> None:
        if self._hidden:
            self._hidden -= 1
        elif name == PARAGRAPH:
            self._in_paragraph = False
        elif name in CELLS and self._depth == 1:
            self._end_cell()
        elif name == ROW and self._depth == 1:
            self._end_row()
        elif name == SHEET:
            self._depth -= 1
            if self._depth == 0 and self._foreign:
                self.sheets.pop()

    def _text(self, text: str) -> None:
        if self._in_paragraph and not self._hidden and len(self._cell) < TABLE_CELL:
            self._cell += text[:TABLE_CELL]

    def _end_cell(self) -> None:
        room = TABLE_COLUMNS - len(self._row)
        self._row += [self._cell[:TABLE_CELL]] * min(self._cells, room)
        self.sheets[-1].cut |= self._cells > room and bool(self._cell)

    def _end_row(self) -> None:
        while self._row and not self._row[-1]:
            self._row.pop()
        if not self._row:
            self._blank += self._rows
            return
        sheet = self.sheets[-1]
        sheet.rows += [[] for _ in range(min(self._blank, TABLE_ROWS - len(sheet.rows)))]
        room = TABLE_ROWS - len(sheet.rows)
        sheet.rows += [self._row] * min(self._rows, room)
        sheet.cut |= self._rows > room
        self._blank = 0


def _times(attributes: Attributes, name: str) -> int:
    """How often something is repeated: the numbers of empty ones are as large as a sheet can be."""
    said = attributes.get(TABLE_NAMES + name, "1")
    return max(1, int(said)) if said.isdecimal() and len(said) < 10 else 1


def _refuse(*_: object) -> None:
    """Nothing that makes these files declares a document type, and what is declared there could be made to grow."""
    raise damaged()
