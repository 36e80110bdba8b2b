"""The documents that are measured when none are given: words and numbers, made here, the same every time."""

import io
import zipfile
from pathlib import Path

WORDS = "Nothing that was ever handed in at this counter has been lost so far, and nobody had to ask twice. "
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument."


def make(folder: Path) -> list[Path]:
    """A letter of two pages and one of eleven, a table of a hundred rows and one of ten thousand, this also as CSV."""
    made = {
        "letter.docx": _letter(10),
        "report.docx": _letter(100),
        "prices.xlsx": _sheet(100),
        "numbers.xlsx": _sheet(10_000),
        "numbers.csv": "".join(f"{','.join(map(str, row))}\n" for row in map(_row, range(10_000))).encode(),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in made]


def _letter(paragraphs: int) -> bytes:
    paragraph = f"<w:p><w:r><w:t>{WORDS * 5}</w:t></w:r></w:p>"
    body = f'<w:document xmlns:w="{WORD}"><w:body>{paragraph * paragraphs}</w:body></w:document>'
    return _package("word/document.xml", "wordprocessingml.document.main+xml", {"word/document.xml": body})


def _sheet(rows: int) -> bytes:
    cells = "".join(
        f'<row><c><v>{number}</v></c><c t="inlineStr"><is><t>{name}</t></is></c><c><v>{price}</v></c></row>'
        for number, name, price in map(_row, range(rows))
    )
    link = f'<Relationship Id="s1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Prices" sheetId="1" r:id="s1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{link}</Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>',
    }
    return _package("xl/workbook.xml", "spreadsheetml.sheet.main+xml", parts)


def _row(number: int) -> tuple[int, str, float]:
    return number, f"article {number * 7919 % 10_007}", number * 31 % 9973 / 100


def _package(main: str, kind: str, parts: dict[str, str]) -> bytes:
    names = "".join(
        f'<Override PartName="/{name}" ContentType="{TYPE}{kind if name == main else "spreadsheetml.worksheet+xml"}"/>'
        for name in parts
        if not name.endswith(".rels")
    )
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    link = f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="{main}"/>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{rels}{names}</Types>')
        file.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}/relationships">{link}</Relationships>')
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()
