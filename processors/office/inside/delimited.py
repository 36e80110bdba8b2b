"""Rows out of a text with something between the cells, whatever that is."""

import contextlib
import csv
import io
from collections.abc import Sequence
from itertools import islice

from processors.limits import MAX_PRINTED_ROWS, MAX_ROWS, TABLE_CELL, TABLE_COLUMNS, TABLE_ROWS
from processors.office.inside.check import too_many_rows
from processors.office.inside.table import Sheet

BETWEEN = (",", ";", "\t", "|")
LOOKED_AT = 20
STEP = 1 << 20
Rows = list[list[str]]


def count(data: memoryview) -> None:
    """Raises Refused: too_many_rows."""
    if sum(bytes(data[start : start + STEP]).count(b"\n") for start in range(0, len(data), STEP)) > MAX_ROWS:
        raise too_many_rows()


def rows(text: str) -> Rows:
    """The first ones, as many as are printed."""
    return _read(text, max(BETWEEN, key=lambda between: _regular(text, between)), MAX_PRINTED_ROWS)


def _read(text: str, between: str, most: int) -> Rows:
    reader = csv.reader(io.StringIO(text), delimiter=between)
    found: Rows = []
    with contextlib.suppress(csv.Error):  # a cell that is longer than any should be: what came before it is shown
        found.extend(islice(reader, most))
    return found


def _regular(text: str, between: str) -> int:
    """How much the first rows look like a table: in how many there are as many cells as in most, and over one."""
    lengths = [len(row) for row in _read(text, between, LOOKED_AT)]
    return max((lengths.count(length) * (length > 1) for length in lengths), default=0)


def written(rows: Sequence[Sequence[str]]) -> bytes:
    """As LibreOffice is given them: see `kinds.CSV`."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def sheet(rows: Rows) -> Sheet:
    shown = [[cell[:TABLE_CELL] for cell in row[:TABLE_COLUMNS]] for row in rows[:TABLE_ROWS]]
    return Sheet("", shown, len(rows) > TABLE_ROWS or any(len(row) > TABLE_COLUMNS for row in rows[:TABLE_ROWS]))
