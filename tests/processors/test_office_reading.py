"""What of a document is read by ourselves: archives before they are unpacked, texts, rows. No LibreOffice is needed."""

import io
import itertools
import stat
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from processors.limits import (
    MAX_CELLS,
    MAX_MEMBERS,
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    TABLE_CELL,
    TABLE_COLUMNS,
    TABLE_ROWS,
)
from processors.office.inside import delimited, drawing, plain, sniffing, table
from processors.office.inside.check import check
from processors.office.kinds import CSV, DOCX, MD, ODT, RTF, TXT, XLSX, Kind
from processors.refusals import Refused
from tests.processors import letters

pytestmark = pytest.mark.pure
PARTS = {"word/document.xml": b"<w/>" * 100, "word/other.xml": b"<w/>"}


def refusal(data: bytes, hint: str = "docx") -> str:
    """The code of what is said of a document, or its kind."""
    view = memoryview(data)
    try:
        kind = sniffing.kind_of(view, hint)
        if kind is None:
            return "no document"
        if not kind.plain:
            check(view, kind)
    except Refused as refused:
        return refused.code if len(refused.message) > 20 else "without a word"
    return kind.name


def with_part(name: str, content: bytes, mode: int = 0) -> bytes:
    """A letter with one more part in it."""
    out = io.BytesIO(letters.docx(letters.paragraph("Hello")))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
        file.writestr(info, content)
    return out.getvalue()


def changed(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """With `value` in the last record of this signature."""
    at = data.rindex(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def lying_over() -> bytes:
    """Two entries of the table that lead to the same bytes, with a head each: as in a bomb that overlaps."""
    data = with_part("word/again.xml", b"x" * 1000)
    first = data.index(b"PK\x01\x02")
    begins = data[first + 42 : first + 46]
    assert struct.unpack("<L", begins) == (0,)
    size, unpacked = data[first + 20 : first + 24], data[first + 24 : first + 28]
    named = struct.unpack("<H", data[first + 28 : first + 30])[0]
    other = data.rindex(b"PK\x01\x02")
    name = (b"word/again.xml" + b"x" * named)[:named]
    entry = bytearray(data[other : other + 46])
    entry[20:28], entry[28:30], entry[42:46] = size + unpacked, struct.pack("<H", named), begins
    end = data.rindex(b"PK\x05\x06")
    table_at = struct.unpack("<L", data[end + 16 : end + 20])[0]
    rest = data[table_at:other] + bytes(entry) + name
    tail = bytearray(data[end:])
    tail[12:16] = struct.pack("<L", len(rest))
    return data[:table_at] + rest + bytes(tail)


def test_documents_pass() -> None:
    assert refusal(letters.docx(letters.paragraph("Hello"))) == "docx"
    assert refusal(letters.xlsx({"A": [[1]]})) == "xlsx"
    assert refusal(letters.open_document("text", "")) == "odt"
    assert refusal(letters.open_document("spreadsheet", "")) == "ods"
    embedded = with_part("word/embeddings/sheet1.xlsx", letters.xlsx({"A": [[1]]}))
    assert refusal(embedded) == "docx"
    assert refusal(with_part("word\\theme\\theme1.xml", b"<a/>")) == "docx"
    assert refusal(letters.docx("").replace(b"[Content_Types]", b"[content_types]")) == "docx"


def test_what_is_in_a_container_decides_and_not_its_name() -> None:
    assert refusal(letters.xlsx({"A": [[1]]}), "docx") == "xlsx"
    assert refusal(letters.archive({"a.txt": "x"})) == "no document"
    assert refusal(letters.open_document("presentation", "")) == "unsupported_kind"


def test_unsafe_archives() -> None:
    bombs = {
        "out of it": with_part("../../etc/passwd", b"x"),
        "out of it, as Windows has it": with_part("word\\..\\..\\x", b"x"),
        "absolute": with_part("/etc/passwd", b"x"),
        "of a drive": with_part("C:/x", b"x"),
        "a link": with_part("word/link", b"/etc/passwd", stat.S_IFLNK | 0o777),
        "lying over": lying_over(),
        "deep": with_part("a.docx", with_part("b.docx", with_part("c.docx", with_part("d.docx", b"x")))),
        "many": letters.archive({f"{n}": b"" for n in range(MAX_MEMBERS + 1)}),
    }
    assert {name: refusal(data) for name, data in bombs.items()} == dict.fromkeys(bombs, "unsafe_archive")
    twice = io.BytesIO(with_part("word/a.xml", b"x"))
    with zipfile.ZipFile(twice, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("word/a.xml", b"y")
    assert refusal(twice.getvalue()) == "unsafe_archive"


def test_archives_of_too_much() -> None:
    """By what they say, and by what they are: each is told before all of it is unpacked."""
    blank = with_part("word/blank.xml", bytes(40 << 20))
    assert len(blank) < 100_000
    assert refusal(blank) == "too_much_unpacked"
    said = changed(blank, b"PK\x01\x02", 24, struct.pack("<L", 1000))
    assert refusal(said) == "too_much_unpacked"
    declared = with_part("word/a.xml", b"x" * 1000)
    assert refusal(changed(declared, b"PK\x01\x02", 24, struct.pack("<L", MAX_UNPACKED_BYTES))) == "too_much_unpacked"
    nested = with_part("word/embeddings/a.docx", blank)
    assert refusal(nested) == "too_much_unpacked"


def test_what_is_locked() -> None:
    locked = changed(with_part("word/a.xml", b"x"), b"PK\x01\x02", 8, struct.pack("<H", 1))
    assert refusal(locked) == "encrypted"
    word = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000) + "EncryptedPackage".encode("utf-16-le") + bytes(500)
    assert refusal(word) == "encrypted"
    assert refusal(word.replace(b"E\0n\0c", b"X\0X\0X")) == "unsupported_kind"
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    manifest = {"META-INF/manifest.xml": entry}
    out = {"mimetype": ODT.content_type, "content.xml": b"\0" * 50, **manifest}
    assert refusal(letters.archive(out), "odt") == "encrypted"


def test_what_is_cut_or_changed_is_refused() -> None:
    data = letters.docx(letters.paragraph("Hello" * 1000))
    for length in range(30, len(data), 97):
        assert refusal(data[:length]) == "damaged"
    for place, bit in itertools.product(range(0, len(data), 41), (1, 0x80)):
        broken = bytearray(data)
        broken[place] ^= bit
        assert refusal(bytes(broken)) in {"docx", "damaged", "encrypted", "unsafe_archive", "too_much_unpacked"} | {
            "no document",
            "unsupported_kind",
            "txt",
        }


@pytest.mark.parametrize("name", ["row", "x:row", "table:table-row"])
def test_rows_are_counted_however_they_are_called(name: str) -> None:
    rows = f"<{name} a='1'/>".encode()
    parts = {"[Content_Types].xml": XLSX.marks[0]}
    enough = letters.archive({**parts, "xl/sheet.xml": rows * MAX_ROWS})
    assert refusal(enough) == "xlsx"
    assert refusal(letters.archive({**parts, "xl/sheet.xml": rows * MAX_ROWS + rows})) == "too_many_rows"


def test_cells_are_counted_too() -> None:
    parts = {"[Content_Types].xml": XLSX.marks[0]}
    assert (
        refusal(letters.archive({**parts, "xl/sheet.xml": b"<c/>" * (MAX_CELLS + 1)}, zipfile.ZIP_STORED))
        == "too_many_rows"
    )
    with pytest.raises(Refused) as caught:
        delimited.count(memoryview(b"1,2\n" * (MAX_ROWS + 1)))
    assert caught.value.code == "too_many_rows"


@pytest.mark.parametrize(
    ("data", "hint", "kind"),
    [
        (b"Hello, world\n", "txt", TXT),
        (b"Hello, world\n", "docx", TXT),
        (b"# Hello\n", "md", MD),
        (b"a,b\n1,2\n3,4\n", "csv", CSV),
        (b"a,b\n1,2\n3,4\n", "txt", TXT),
        (b"<html><body>Hello</body></html>", "md", MD),
        ("Grüße\n".encode("cp1252"), "txt", TXT),
        ("Grüße\n".encode("utf-16"), "csv", CSV),
        (b'{"a": 1}\n', "txt", TXT),
        (b"From: a@b\nTo: c@d\nSubject: x\n\nHello", "txt", TXT),
        (letters.rtf("Hello"), "txt", RTF),
        (b"%PDF-1.7\n", "docx", None),
        (bytes(range(256)), "txt", None),
    ],
)
def test_texts_are_told_apart_by_their_names(data: bytes, hint: str, kind: Kind | None) -> None:
    assert sniffing.kind_of(memoryview(data), hint) is kind


def test_a_page_of_markup_is_no_letter() -> None:
    """LibreOffice would read it as one, with all that it names: a flat OpenDocument file as well."""
    flat = f"<?xml version='1.0'?>{letters.content('text', '<text:p>Hello</text:p>')}".encode()
    for data in (b"<html><body><img src='http://a/b'></body></html>", flat):
        assert refusal(data, "odt") == "unsupported_kind"


def test_encodings() -> None:
    text = "Grüße, 5 €\nnoch eine"
    for name in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert plain.decoded(memoryview(text.replace("\n", "\r\n").encode(name))) == text, name
    big = b"\xfe\xff" + text.encode("utf-16-be")
    assert plain.decoded(memoryview(big)) == text
    assert plain.decoded(memoryview(b"a\0\x1b[2Jb\x81\x9d")) == "a[2Jb\ufffd\ufffd"
    long = plain.decoded(memoryview("é".encode() * (5 << 20)))
    assert set(long) == {"é"}
    assert len(plain.kept(long)) == 4 << 20
    assert len(plain.printed(long)) == 1 << 20
    assert plain.kept(" \n") == b""


def test_what_is_between_cells_is_found_out() -> None:
    for between in ",;\t|":
        rows = delimited.rows(between.join("abc") + "\n" + between.join(["1", '"x,;|y"', "3"]) + "\n")
        assert rows == [["a", "b", "c"], ["1", "x,;|y", "3"]]
    assert delimited.rows("1,5;2,5\n3;4\n") == [["1,5", "2,5"], ["3", "4"]]
    assert delimited.rows("no table\n") == [["no table"]]
    assert delimited.rows("") == []
    assert delimited.written([["a", 'b"c', "d,e"]]) == b'a,"b""c","d,e"\n'


def test_a_table_is_the_beginning() -> None:
    wide = [["x" * (2 * TABLE_CELL)] * (2 * TABLE_COLUMNS)] * (2 * TABLE_ROWS)
    sheet = delimited.sheet(wide)
    assert (len(sheet.rows), len(sheet.rows[0]), len(sheet.rows[0][0])) == (TABLE_ROWS, TABLE_COLUMNS, TABLE_CELL)
    assert sheet.cut
    assert not delimited.sheet([["a"]]).cut


def converted(folder: Path, *endings: int, made: bytes = b"") -> bytes | str:
    """What comes of runs that end so, the last of which leaves `made`: the PDF, a code, or what is not the file's."""

    def run(words: Sequence[str], _: Mapping[str, str]) -> int:
        if len(ended) == len(endings) - 1 and made:
            Path(words[words.index("--outdir") + 1], "document.pdf").write_bytes(made)
        ended.append(endings[len(ended)])
        return ended[-1]

    ended: list[int] = []
    try:
        return drawing.Office(str(folder), "", [run] * len(endings)).pdf(b"Hello", DOCX)
    except Refused as refused:
        return refused.code
    except OSError as error:
        return str(error)


def test_how_libreoffice_ends_is_judged(tmp_path: Path) -> None:
    places = (tmp_path / str(number) for number in itertools.count())
    assert converted(next(places), 0, made=b"%PDF-") == b"%PDF-"
    assert converted(next(places), 81, 0, made=b"%PDF-") == b"%PDF-"
    assert converted(next(places), 0) == converted(next(places), 1) == converted(next(places), -11) == "damaged"
    assert converted(next(places), 1, made=b"half of it") == "damaged"
    assert converted(next(places), -9) == "LibreOffice ended with -9"
    assert converted(next(places), 127) == "LibreOffice ended with 127"
    assert converted(next(places)) == b""


def test_a_link_in_place_of_what_is_made_is_not_followed(tmp_path: Path) -> None:
    def run(words: Sequence[str], _: Mapping[str, str]) -> int:
        Path(words[words.index("--outdir") + 1], "document.pdf").symlink_to("/etc/hostname")
        return 0

    with pytest.raises(Refused):
        drawing.Office(str(tmp_path), "", [run]).pdf(b"Hello", DOCX)


def ods(body: str) -> table.Table:
    return msgspec.json.decode(table.of_open_document(letters.open_document("spreadsheet", body)), type=table.Table)


def sheet(body: str, name: str = "A") -> str:
    return f'<table:table table:name="{name}">{body}</table:table>'


def cell(text: str, more: str = "") -> str:
    return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"


def test_rows_of_an_open_document() -> None:
    rows = (
        f"<table:table-row>{cell('a')}{cell('b<text:s/>c<text:tab/><text:span>d</text:span>')}</table:table-row>\n"
        "<table:table-row table:number-rows-repeated='2'><table:table-cell/></table:table-row>"
        "<table:table-row><table:table-cell table:number-columns-repeated='2'/>"
        "<table:table-cell><office:annotation><text:p>a remark</text:p></office:annotation>"
        "<text:p>e</text:p><text:p>f</text:p></table:table-cell>"
        "<table:table-cell table:number-columns-repeated='16000'/></table:table-row>"
        "<table:table-row table:number-rows-repeated='1048000'><table:table-cell/></table:table-row>"
    )
    (found,) = ods(sheet(rows, "Preise &amp; mehr")).sheets
    assert (found.name, found.cut) == ("Preise & mehr", False)
    assert found.rows == [["a", "b c\td"], [], [], ["", "", "e\nf"]]


def test_repetitions_do_not_grow_and_copies_of_others_are_left_out() -> None:
    many = cell("x", "table:number-columns-repeated='16384'")
    repeated = f"<table:table-row table:number-rows-repeated='1048576'>{many}</table:table-row>"
    foreign = (
        "<table:table-source xlink:href='file:///etc/passwd'/><table:table-row>" + cell("s") + "</table:table-row>"
    )
    found = ods(sheet(repeated) + sheet(foreign, "'file:///etc/passwd'#A") + sheet("", "B"))
    assert [one.name for one in found.sheets] == ["A", "B"]
    assert (len(found.sheets[0].rows), len(found.sheets[0].rows[0])) == (TABLE_ROWS, TABLE_COLUMNS)
    assert (found.sheets[0].cut, found.cut) == (True, False)
    assert ods("".join(sheet("", str(number)) for number in range(30))).cut


def test_entities_do_not_grow() -> None:
    head = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    data = letters.archive({"content.xml": head + letters.content("spreadsheet", sheet(cell("&b;")))})
    with pytest.raises(Refused) as caught:
        table.of_open_document(data)
    assert caught.value.code == "damaged"
