"""Office files put together by hand, part by part (ECMA-376, OpenDocument 1.3)."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PARTS = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES = " ".join(
    f'xmlns:{name}="{OPEN_DOCUMENT}{name}:1.0"' for name in ("office", "text", "table", "drawing", "manifest", "script")
).replace("xmlns:drawing=", "xmlns:draw=")
NAMES += f' xmlns:svg="{OPEN_DOCUMENT}svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
NAMES += ' xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"'
Parts = Mapping[str, str | bytes]
Relation = tuple[str, str, str]


def archive(parts: Parts, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def relations(*listed: Relation) -> str:
    """Each an id, the last part of its type, and where it leads: out of the file where that is an address."""
    rows = (
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target={quoteattr(target)}'
        + (' TargetMode="External"' if ":" in target else "")
        + "/>"
        for name, kind, target in listed
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(rows)}</Relationships>'


def types(**parts: str) -> str:
    rows = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    head = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    head += '<Default Extension="xml" ContentType="application/xml"/>'
    return f'<Types xmlns="{PACKAGE}/content-types">{head}{rows}</Types>'


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def docx(body: str, links: Sequence[Relation] = (), more: Parts | None = None) -> bytes:
    """A letter of `body`, which may refer to `links`."""
    names = f'xmlns:w="{WORD}" xmlns:r="{RELATIONS}" xmlns:v="urn:schemas-microsoft-com:vml"'
    return archive(
        {
            "[Content_Types].xml": types(**{"word/document.xml": PARTS + "wordprocessingml.document.main+xml"}),
            "_rels/.rels": relations(("r1", "officeDocument", "word/document.xml")),
            "word/document.xml": f"<w:document {names}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(*links),
            **(more or {}),
        }
    )


def xlsx(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """Sheets by name, each of rows of numbers, texts, and formulas, which begin with "="."""
    parts: dict[str, str | bytes] = {}
    named, links = [], []
    for number, (name, rows) in enumerate(sheets.items(), 1):
        part = f"xl/worksheets/sheet{number}.xml"
        parts[part] = f'<worksheet xmlns="{SHEET}"><sheetData>{"".join(map(_row, rows))}</sheetData></worksheet>'
        named.append(f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="s{number}"/>')
        links.append((f"s{number}", "worksheet", f"worksheets/sheet{number}.xml"))
    kinds = dict.fromkeys(parts, PARTS + "spreadsheetml.worksheet+xml")
    book = f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}"><sheets>{"".join(named)}</sheets></workbook>'
    return archive(
        {
            "[Content_Types].xml": types(**{"xl/workbook.xml": PARTS + "spreadsheetml.sheet.main+xml"}, **kinds),
            "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": relations(*links),
            **parts,
        }
    )


def _row(cells: Sequence[object]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(value: object) -> str:
    if isinstance(value, str) and value.startswith("="):
        return f"<c><f>{escape(value[1:])}</f></c>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def open_document(kind: str, body: str, more: Parts | None = None, scripts: str = "") -> bytes:
    """`kind`: text or spreadsheet. Its type comes first, and as it is, as it has to."""
    more = more or {}
    mime = f"application/vnd.oasis.opendocument.{kind}"
    listed = {"/": mime, "content.xml": "text/xml", **dict.fromkeys(more, "text/xml")}
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in listed.items()
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", mime, zipfile.ZIP_STORED)
        file.writestr("content.xml", content(kind, body, scripts))
        for name, part in more.items():
            file.writestr(name, part)
        file.writestr("META-INF/manifest.xml", f"<manifest:manifest {NAMES}>{entries}</manifest:manifest>")
    return out.getvalue()


def content(kind: str, body: str, scripts: str = "") -> str:
    return (
        f'<office:document-content {NAMES} office:version="1.3">{scripts}'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )


def with_macro(program: str) -> bytes:
    """A letter that runs `program`, in Basic, as soon as it is loaded."""
    library = "http://openoffice.org/2000/library"
    names = f'xmlns:library="{library}" xmlns:xlink="http://www.w3.org/1999/xlink"'
    where = "vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"
    events = "".join(
        f'<script:event-listener script:language="ooo:script" script:event-name="{name}" xlink:href="{where}"/>'
        for name in ("dom:load", "office:load-finished", "office:view-created", "office:new")
    )
    scripts = f"<office:scripts><office:event-listeners>{events}</office:event-listeners></office:scripts>"
    module = f"Sub Main\n{program}\nEnd Sub\n"
    parts = {
        "Basic/script-lc.xml": f'<library:libraries {names}><library:library library:name="Standard"'
        ' library:link="false"/></library:libraries>',
        "Basic/Standard/script-lb.xml": f'<library:library {names} library:name="Standard" library:readonly="false"'
        ' library:passwordprotected="false"><library:element library:name="Module1"/></library:library>',
        "Basic/Standard/Module1.xml": '<script:module xmlns:script="http://openoffice.org/2000/script"'
        f' script:name="Module1" script:language="StarBasic">{escape(module)}</script:module>',
    }
    return open_document("text", "<text:p>Hello</text:p>", parts, scripts)


def rtf(body: str) -> bytes:
    return (r"{\rtf1\ansi\deff0{\fonttbl{\f0 Liberation Serif;}}\f0 " + body + "}").encode()
