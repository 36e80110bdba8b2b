"""PDF files put together by hand, object by object (ISO 32000-1, 7.5)."""

import zlib
from collections.abc import Mapping, Sequence

A4 = (595, 842)
FONT = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
CATALOG, PAGES, FIRST = 1, 2, 3


def stream(content: bytes, entries: str = "") -> bytes:
    """A stream object's body; `entries` stand in its dictionary beside the length."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries.encode(), len(content), content)


def packed(content: bytes, entries: str = "") -> bytes:
    return stream(zlib.compress(content), f"/Filter/FlateDecode{entries}")


def file(objects: Mapping[int, str | bytes], trailer: str = "") -> bytes:
    """A file of numbered `objects`, the catalog being the first, with its table of places."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body.encode("latin-1") if isinstance(body, str) else body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(places):
        if number - 1 not in places:
            row = next(n for n in range(number, max(objects) + 2) if n not in places)
            out += b"%d %d\n" % (number, row - number)
        out += b"%010d 00000 n \n" % places[number]
    words = (max(objects) + 1, CATALOG, trailer.encode("latin-1"), start)
    return bytes(out) + b"trailer\n<</Size %d/Root %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % words


def paper(
    *contents: str | bytes,
    size: Sequence[float] = A4,
    page: str = "",
    resources: str = FONT,
    catalog: str = "",
    more: Mapping[int, str | bytes] | None = None,
    trailer: str = "",
) -> bytes:
    """A document with a page for each of `contents` (operators), from object 3 on: a page, its content, the next page.

    page, resources, catalog: entries in addition, of every page's and the catalog's dictionary. more: objects, from
    100,000 on.
    """
    kids = [FIRST + 2 * n for n in range(len(contents))]
    box = " ".join(f"{side:g}" for side in size)
    objects: dict[int, str | bytes] = {
        CATALOG: f"<</Type/Catalog/Pages {PAGES} 0 R{catalog}>>",
        PAGES: f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>",
    }
    # What stands in `page` comes first, and counts where both say something.
    for kid, content in zip(kids, contents, strict=True):
        default = "" if "/MediaBox" in page else f"/MediaBox[0 0 {box}]"
        objects[kid] = (
            f"<</Type/Page/Parent {PAGES} 0 R{default}{page}/Resources<<{resources}>>/Contents {kid + 1} 0 R>>"
        )
        objects[kid + 1] = stream(content.encode("latin-1") if isinstance(content, str) else content)
    return file({**objects, **(more or {})}, trailer)


def words(text: str, size: int = 24, at: tuple[int, int] = (72, 720)) -> str:
    """Operators that show Latin `text`."""
    return f"BT /F {size} Tf {at[0]} {at[1]} Td ({text}) Tj ET\n"


def filled(colour: tuple[float, float, float], box: tuple[float, float, float, float]) -> str:
    """Operators that fill `box` (left, bottom, width, height)."""
    return f"{' '.join(map(str, colour))} rg {' '.join(map(str, box))} re f\n"
