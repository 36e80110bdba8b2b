"""A container unpacked once, for nothing but to see that it unpacks to what it says, before LibreOffice does it."""

import re
from collections.abc import Iterator

from processors.limits import MAX_CELLS, MAX_NESTED, MAX_NESTED_BYTES, MAX_ROWS, MAX_UNPACKED_BYTES
from processors.office.inside import archive
from processors.office.kinds import RTF, Kind
from processors.refusals import Code, Refused

# The elements of a row and of a cell, in both families' XML, whatever the prefix of their namespace.
ELEMENT = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:(row|table-row)|c|table-cell)[\s/>]")
LONGEST_NAME = 64


def check(data: memoryview, kind: Kind) -> None:
    """Raises Refused: damaged, encrypted, unsafe_archive, too_much_unpacked, too_many_rows."""
    if kind is not RTF:
        _Check(kind.sheets).look(data, 0)


class _Check:
    """Counts over an archive and all that are inside it."""

    def __init__(self, sheets: bool) -> None:
        self._sheets = sheets
        self._unpacked = self._rows = self._cells = 0

    def look(self, data: memoryview, depth: int) -> None:
        if depth > MAX_NESTED:
            raise Refused(Code.UNSAFE_ARCHIVE, "It holds archives in archives, deeper than a document does.")
        for member in archive.members(data):
            pieces = self._counted(data, member)
            first = next(pieces, b"")
            if first.startswith(archive.LOCAL):
                self._nested(member, first, pieces, depth)
            elif self._sheets and member.name.endswith(".xml"):
                self._elements(first, pieces)
            else:
                for _ in pieces:
                    pass

    def _counted(self, data: memoryview, member: archive.Member) -> Iterator[bytes]:
        for piece in archive.unpacked(data, member):
            self._unpacked += len(piece)
            if self._unpacked > MAX_UNPACKED_BYTES:
                raise archive.too_much()
            yield piece

    def _nested(self, member: archive.Member, first: bytes, pieces: Iterator[bytes], depth: int) -> None:
        """Of what is embedded, as a spreadsheet in a letter."""
        if member.size > MAX_NESTED_BYTES:
            raise archive.too_much()
        self.look(memoryview(b"".join([first, *pieces])), depth + 1)

    def _elements(self, first: bytes, pieces: Iterator[bytes]) -> None:
        rest = first
        for piece in pieces:
            # What may be cut in two is left for the next time.
            cut = max(rest.rfind(b"<"), len(rest) - LONGEST_NAME)
            self._count(rest[:cut])
            rest = rest[cut:] + piece
        self._count(rest)

    def _count(self, xml: bytes) -> None:
        found = ELEMENT.findall(xml)
        rows = sum(map(bool, found))
        self._rows, self._cells = self._rows + rows, self._cells + len(found) - rows
        if self._rows > MAX_ROWS or self._cells > MAX_CELLS:
            raise too_many_rows()


def too_many_rows() -> Refused:
    message = f"The spreadsheet has more than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells; it is too large for a preview."
    return Refused(Code.TOO_MANY_ROWS, message)
