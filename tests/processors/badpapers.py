"""PDF files that are made to do harm, or to have it done: bombs, loops, scripts."""

import zlib
from collections.abc import Sequence

from tests.processors.papers import file, packed, paper, stream, words

DRAWN = "/XObject<</X 100000 0 R>>"
MB = 1 << 20


def squeezed(part: bytes, megabytes: int) -> bytes:
    """So many megabytes of repeated `part`, deflated."""
    squeezer, block = zlib.compressobj(9), part * (MB // len(part))
    return b"".join(squeezer.compress(block) for _ in range(megabytes)) + squeezer.flush()


def flated(content: bytes, times: int = 1, entries: str = "") -> bytes:
    """A stream whose `content` is already deflated so many times."""
    return stream(content, f"/Filter[{'/FlateDecode' * times}]{entries}")


def with_content(body: bytes, **more: bytes) -> bytes:
    """A page whose content is the stream `body`."""
    return paper("", page="/Contents 100000 0 R/Unused 0", more={100_000: body}).replace(b"/Contents 4 0 R", b"")


def of_objects(content: bytes, first: int, numbers: Sequence[int], filters: int = 1) -> bytes:
    """A document whose pages lie in an object stream (7.5.7): `content`, deflated so many times; `first`: /First."""
    out = bytearray(b"%PDF-1.7\n")
    places = [len(out)]
    out += b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    places.append(len(out))
    out += b"9 0 obj\n%s\nendobj\n" % flated(content, filters, f"/Type/ObjStm/N {len(numbers)}/First {first}")
    start = len(out)
    rows = {1: (1, places[0], 0), 9: (1, places[1], 0), 10: (1, start, 0)}
    rows |= {number: (2, 9, index) for index, number in enumerate(numbers)}
    table = b"".join(
        bytes([kind]) + at.to_bytes(4, "big") + index.to_bytes(2, "big")
        for kind, at, index in (rows.get(number, (0, 0, 0)) for number in range(11))
    )
    out += b"10 0 obj\n%s\nendobj\n" % stream(table, "/Type/XRef/Size 11/W[1 4 2]/Root 1 0 R")
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def objects_bomb(megabytes: int) -> bytes:
    """Pages in an object stream that unpacks to so many megabytes."""
    pages, page = b"<</Type/Pages/Count 1/Kids[3 0 R]>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>"
    head = b"2 0 3 %d " % (len(pages) + 1)
    squeezer, space = zlib.compressobj(9), b" " * MB
    out = squeezer.compress(head + pages + b" " + page)
    out += b"".join(squeezer.compress(space) for _ in range(megabytes)) + squeezer.flush()
    return of_objects(out, len(head), (2, 3))


def drawing_itself(times: int, depth: int) -> bytes:
    """A page drawing a form `times`, that draws one so many times, and so on down to `depth`."""
    draw = "/X Do " * times
    more: dict[int, str | bytes] = {}
    for level in range(depth):
        deeper = f"/Resources<</XObject<</X {100_001 + level} 0 R>>>>"
        more[100_000 + level] = stream(draw.encode(), f"/Type/XObject/Subtype/Form/BBox[0 0 500 500]{deeper}")
    more[100_000 + depth] = stream(b"0 0 9 9 re f", "/Type/XObject/Subtype/Form/BBox[0 0 500 500]")
    return paper(draw, resources=DRAWN, more=more)


def image_of(width: int, height: int, body: bytes, filters: int = 1, entries: str = "") -> bytes:
    head = f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceRGB/BitsPerComponent 8{entries}"
    return paper("400 0 0 400 50 50 cm /X Do", resources=DRAWN, more={100_000: flated(body, filters, head)})


def loops() -> dict[str, bytes]:
    """Files that refer to themselves where they must not."""
    plain = paper(words("Hello"))
    form = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 100000 0 R>>>>"
    deep = 20_000
    tree: dict[int, str | bytes] = {1: "<</Type/Catalog/Pages 2 0 R>>"}
    tree |= {n: f"<</Type/Pages/Count 1/Kids[{n + 1} 0 R]/Parent {max(2, n - 1)} 0 R>>" for n in range(2, deep)}
    tree[deep] = f"<</Type/Page/MediaBox[0 0 9 9]/Parent {deep - 1} 0 R>>"
    return {
        "a tree of pages": file(
            {1: "<</Type/Catalog/Pages 2 0 R>>", 2: "<</Type/Pages/Count 3/Kids[2 0 R 2 0 R]/Parent 2 0 R>>"}
        ),
        "a deep tree of pages": file(tree),
        "a form": paper("/X Do", resources=DRAWN, more={100_000: stream(b"/X Do", form)}),
        "a length": plain.replace(b"/Length 48", b"/Length 4 0 R"),
        "a table of places": plain.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % plain.index(b"xref\n")),
        "arrays": paper("", page="/Nested" + "[" * 100_000 + "]" * 100_000),
        "operators": paper("[" * 200_000 + "q " * 200_000),
        "a soft mask": paper(
            "/G gs 0 0 99 99 re f",
            resources="/ExtGState<</G 100000 0 R>>",
            more={
                100_000: "<</SMask<</S/Luminosity/G 100001 0 R>>>>",
                100_001: stream(
                    b"/G gs 0 0 9 9 re f",
                    "/Subtype/Form/BBox[0 0 99 99]/Group<</S/Transparency/CS/DeviceGray>>"
                    "/Resources<</ExtGState<</G 100000 0 R>>>>",
                ),
            },
        ),
    }


def reaching_out(url: str, file_name: str) -> dict[str, bytes]:
    """Documents that would fetch `url`, start or read `file_name`, or run a script that does."""
    script = f"app.launchURL('{url}');this.submitForm('{url}');util.readFileIntoStream('{file_name}')"
    actions = {
        "JavaScript": f"<</S/JavaScript/JS({script})>>",
        "JavaScript in a stream": "<</S/JavaScript/JS 100000 0 R>>",
        "URI": f"<</S/URI/URI({url})>>",
        "Launch": f"<</S/Launch/F({file_name})/NewWindow true>>",
        "another file": f"<</S/GoToR/F({file_name})/D[0/Fit]>>",
        "SubmitForm": f"<</S/SubmitForm/F<</FS/URL/F({url})>>/Flags 4>>",
        "ImportData": f"<</S/ImportData/F({file_name})>>",
    }
    found, more = {}, {100_000: packed(script.encode())}
    for name, action in actions.items():
        events = "".join(f"/{event} {action}" for event in ("O", "C", "WC", "WS", "DP", "K", "F", "V", "PO", "PV", "E"))
        field = f"<</Type/Annot/Subtype/Widget/FT/Tx/T(t)/V(x)/Rect[9 9 99 99]/A{action}/AA<<{events}>>>>"
        catalog = f"/OpenAction {action}/AA<<{events}>>/Names<</JavaScript<</Names[(a){action}]>>>>"
        catalog += "/AcroForm<</Fields[100001 0 R]/CO[100001 0 R]/DR<<>>/DA(/F 8 Tf)>>"
        page = f"/AA<<{events}>>/Annots[100001 0 R]"
        fields = more | {100_001: field}
        found[name] = paper(words("Hello"), page=page, catalog=catalog, more=fields)
    outside = (
        f"/Type/XObject/Subtype/Image/Width 9/Height 9/ColorSpace/DeviceGray/BitsPerComponent 8/F<</FS/URL/F({url})>>"
    )
    found["a picture from outside"] = paper(
        "/X Do" + words("Hello"),
        resources=DRAWN + "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>",
        more={100_000: stream(b"", outside)},
    )
    form = f"<?xml version='1.0'?><xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template><script>{script}</script></template></xdp:xdp>"
    found["XFA"] = paper(
        words("Hello"), catalog="/AcroForm<</Fields[]/XFA 100000 0 R>>", more={100_000: stream(form.encode())}
    )
    return found
