"""All that is made of a document inside the sandbox, as a list: sniff, check, draw, take the rows, take the text."""

import mmap
from collections.abc import Callable, Mapping, Sequence

from processors.office.inside import delimited, drawing, plain, sniffing, table
from processors.office.inside.check import check
from processors.office.kinds import CSV, ODS, Kind
from processors.office.orders import Made, Order, Other

SOURCE = 0
# LibreOffice converts one file into one other in a run: into a PDF, and a spreadsheet also into rows. Each may be begun
# twice.
RUNS = 4
Run = Callable[[Sequence[str], Mapping[str, str]], int]


def work(order: Order, scratch: str, runs: Sequence[Run]) -> tuple[Made | Other, list[bytes]]:
    """The answer, and what was made: PDF, table and text, as far as there are any.

    Raises Refused: empty, damaged, encrypted, unsupported_kind, unsafe_archive, too_much_unpacked, too_many_rows,
    too_much_memory.
    """
    data = _source()
    kind = sniffing.kind_of(data, order.hint)
    if kind is None:
        return Other(), []
    office = drawing.Office(scratch, order.build, runs)
    pdf, rows, text = _plain(data, kind, office) if kind.plain else _packed(data, kind, office)
    made = Made(kind.name, kind.content_type, bool(runs), len(pdf), len(rows), len(text))
    return made, [pdf, rows, text]


def _source() -> memoryview:
    size = sniffing.size_of(SOURCE)
    return memoryview(mmap.mmap(SOURCE, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)) if size else memoryview(b"")


def _plain(data: memoryview, kind: Kind, office: drawing.Office) -> tuple[bytes, bytes, bytes]:
    """Of texts we make what is read, in an encoding that leaves nothing to be guessed."""
    text = plain.decoded(data)
    if kind is not CSV:
        return office.pdf(plain.printed(text), kind), b"", plain.kept(text)
    delimited.count(data)
    rows = delimited.rows(text)
    return office.pdf(delimited.written(rows), kind), table.told([delimited.sheet(rows)]), plain.kept(text)


def _packed(data: memoryview, kind: Kind, office: drawing.Office) -> tuple[bytes, bytes, bytes]:
    check(data, kind)
    pdf = office.pdf(data, kind)
    if not kind.sheets:
        return pdf, b"", b""
    sheets = data if kind is ODS else office.converted(data, kind, ODS)
    return pdf, table.of_open_document(sheets) if sheets else b"", b""
