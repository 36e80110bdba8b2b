"""Documents and spreadsheets on their whole way: their first page, as PDF, their text, the first rows of tables."""

import io
import json
import zipfile
from typing import Any

import httpx
from PIL import Image

from tests.appliance.client import Project, heard, listening
from tests.appliance.test_files import sent
from tests.appliance.test_videos import ended
from tests.processors import letters, papers

DOCX = letters.docx(letters.paragraph("Hello Grüße"))
XLSX = letters.xlsx({"Preise": [["Apfel", 1.5], ["Birne", 2]], "Leer": []})
DRAWN = ["original", "thumb", "big_thumb", "big_1920", "d2500", "pdf"]


def got(file: dict[str, Any], name: str) -> bytes:
    answer = httpx.get(file["versions"][name]["url"])
    assert answer.status_code == 200, answer.text
    return answer.content


def test_a_letter_becomes_pictures_pdf_and_text(project: Project) -> None:
    with project.socket() as socket:
        listening(socket)
        file_id = sent(project, "letter.docx", DOCX)
        told = heard(socket, lambda message: message.get("state") == "done", 60)
    file = ended(project, file_id)
    assert (file["state"], file["kind"], file["facts"]["pages"]) == ("done", "document", 1)
    assert list(file["versions"]) == [*DRAWN, "text"]
    assert "Hello Grüße" in got(file, "text").decode()
    assert got(file, "pdf").startswith(b"%PDF-")
    assert max(Image.open(io.BytesIO(got(file, "big_thumb"))).size) == 700
    [early] = [message for message in told if message["type"] == "preview"]
    assert list(early["versions"]) == ["thumb"]
    assert f"/projects/{project.id}/documents/" in file["versions"]["pdf"]["url"]
    assert got(file, "original") == DOCX


def test_a_spreadsheet_becomes_a_table_as_well(project: Project) -> None:
    book, plain = sent(project, "prices.xlsx", XLSX), sent(project, "prices.csv", b"a,b\n1,2\n")
    file = ended(project, book)
    assert (file["state"], file["kind"]) == ("done", "spreadsheet")
    assert list(file["versions"]) == [*DRAWN, "table", "text"]
    sheets = json.loads(got(file, "table"))["sheets"]
    assert [sheet["name"] for sheet in sheets] == ["Preise", "Leer"]
    assert sheets[0]["rows"][0][:2] == ["Apfel", "1.5"]
    file = ended(project, plain)
    assert (file["state"], file["kind"]) == ("done", "spreadsheet")
    assert json.loads(got(file, "table"))["sheets"][0]["rows"] == [["a", "b"], ["1", "2"]]


def test_what_is_made_to_harm_says_what_it_is_and_the_next_is_done(project: Project) -> None:
    rows = b"1,2,3\n" * 1_000_000
    locked = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000) + "EncryptedPackage".encode("utf-16-le")
    bomb = letters.docx(letters.paragraph("Hello"), more={"word/bomb.xml": bytes(40 << 20)})
    pages = papers.paper(*[""] * 10_000)
    named = {"a.csv": rows, "b.docx": locked, "c.docx": bomb, "d.pdf": pages, "e.docx": DOCX}
    files = {name: sent(project, name, data) for name, data in named.items()}
    told = {name: ended(project, file_id) for name, file_id in files.items()}
    codes = {name: file["error"] and file["error"]["code"] for name, file in told.items()}
    assert codes == {
        "a.csv": "too_many_rows", "b.docx": "encrypted", "c.docx": "too_much_unpacked", "d.pdf": "too_many_pages",
        "e.docx": None,
    }  # fmt: skip


def test_content_decides_and_what_is_no_document_says_so(project: Project) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "hello")
    named = {"a.jpg": DOCX, "b.docx": packed.getvalue(), "c.docx": DOCX[:-300], "d.docx": bytes(5000)}
    files = {name: sent(project, name, data) for name, data in named.items()}
    told = {name: ended(project, file_id) for name, file_id in files.items()}
    assert (told["a.jpg"]["state"], told["a.jpg"]["kind"]) == ("done", "document")
    codes = {name: file["error"]["code"] for name, file in told.items() if file["error"]}
    assert codes == {"b.docx": "not_a_document", "c.docx": "damaged", "d.docx": "unsupported_kind"}
