"""Documents and spreadsheets through LibreOffice, in the sandbox, as a worker has them made."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from processors.office import libreoffice
from processors.office.develop import BOUNDS, develop
from processors.profiles import PROFILES, of_content
from processors.recipes import Recipe, VersionSpec
from processors.refusals import Refused
from processors.results import Developed
from processors.sandbox import scratch
from processors.sandbox.command import CHECKOUT
from processors.sandbox.layers import SECOND, Layer, Protection
from processors.sandbox.sandbox import Sandbox
from tests.processors import letters
from tests.processors.papers import paper, words
from tests.processors.pictures import encoded, scene
from tests.processors.reading import opened, version

SMALL = Recipe("small", (VersionSpec("large", 200, 200),), quality=80)
PATIENT = replace(BOUNDS, seconds=120.0)
ROWS = [["Apfel", 1.5, "=2*21"], [], ["Grüße", "a,b"]]
LETTER = letters.docx(letters.paragraph("Hello"))
FILES = {
    "letter.docx": letters.docx(letters.paragraph("Hello Grüße")),
    "letter.odt": letters.open_document("text", "<text:p>Hello Grüße</text:p>"),
    "letter.rtf": letters.rtf(r"Hello Gr\u252?\u223?e"),
    "notes.md": "# Hello\n\nGrüße <b>x</b>\r\n".encode("cp1252"),
    "prices.xlsx": letters.xlsx({"Preise": ROWS, "Other": [["x"]]}),
    "prices.ods": letters.open_document(
        "spreadsheet",
        '<table:table table:name="Preise"><table:table-row><table:table-cell table:number-columns-repeated="2">'
        "<text:p>Apfel</text:p></table:table-cell></table:table-row></table:table>",
    ),
    "prices.csv": 'Apfel;1,5\r\nGrüße;"a;b"\r\n'.encode("utf-16"),
}


@pytest.fixture(scope="module")
def made() -> dict[str, Developed]:
    """Every kind, two at a time: each run has a profile of its own."""
    turns = asyncio.Semaphore(2)

    async def one(name: str, sandbox: Sandbox) -> Developed:
        async with turns:
            return await develop(FILES[name], sandbox, name, PATIENT, SMALL, 60)

    async def every() -> list[Developed]:
        async with Sandbox() as sandbox:
            return await asyncio.gather(*(one(name, sandbox) for name in FILES))

    return dict(zip(FILES, asyncio.run(every()), strict=True))


@pytest.mark.parametrize("name", FILES)
def test_each_kind_gets_its_versions(made: dict[str, Developed], name: str) -> None:
    developed, extension = made[name], name.partition(".")[2]
    facts, names = developed.source, [one.name for one in developed.versions]
    assert (facts.format, facts.frames, facts.pages, facts.previews) == (extension, 1, facts.pages, None)
    profile = of_content(facts.content_type)
    assert extension in profile.extensions
    assert names == ["large", "pdf", *(["table"] if profile is PROFILES["spreadsheet"] else []), "text"]
    assert 300 < facts.width < facts.height < 1300
    assert version(developed, "pdf").data.startswith(b"%PDF-")
    darkest, lightest = opened(version(developed, "large")).convert("L").getextrema()
    assert darkest < 200 < 250 < lightest, "nothing is written on it"
    text = version(developed, "text").data.decode()
    assert ("Apfel" if "prices" in name else "Grüße") in text


def test_a_plain_text_keeps_its_own_text(made: dict[str, Developed]) -> None:
    assert version(made["notes.md"], "text").data.decode() == "# Hello\n\nGrüße <b>x</b>\n"


def test_the_table_has_what_is_shown(made: dict[str, Developed]) -> None:
    tables = {name: json.loads(version(made[name], "table").data) for name in made if name.startswith("prices")}
    assert tables["prices.xlsx"] == {
        "sheets": [
            {"name": "Preise", "rows": [["Apfel", "1.5", "42"], [], ["Grüße", "a,b"]], "cut": False},
            {"name": "Other", "rows": [["x"]], "cut": False},
        ],
        "cut": False,
    }
    assert tables["prices.ods"]["sheets"] == [{"name": "Preise", "rows": [["Apfel", "Apfel"]], "cut": False}]
    assert tables["prices.csv"]["sheets"] == [{"name": "", "rows": [["Apfel", "1,5"], ["Grüße", "a;b"]], "cut": False}]


@pytest.mark.parametrize(
    "second", [one if one is Layer.LANDLOCK else pytest.param(one, marks=pytest.mark.long) for one in sorted(SECOND)]
)
async def test_behind_each_second_wall(second: Layer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a descriptor, as large files come. Bubblewrap is an old one here, that limits no folder in memory."""
    monkeypatch.setattr(scratch, "_sizes", lambda: False)
    (tmp_path / "letter").write_bytes(LETTER)
    protection = Protection(frozenset({Layer.FILTER, second}))
    async with Sandbox(protection=protection) as sandbox:
        with (tmp_path / "letter").open("rb") as file:
            developed = await develop(file.fileno(), sandbox, "letter.docx", PATIENT, SMALL, 60)
    assert version(developed, "text").data == b"Hello"


async def test_a_name_is_only_a_hint() -> None:
    async with Sandbox() as sandbox:
        pdf = await develop(paper(words("one")), sandbox, "a.docx", PATIENT, SMALL, 60)
        assert (pdf.source.format, version(pdf, "text").data) == ("pdf", b"one")
        photo = await develop(encoded(scene(400, 300), "JPEG"), sandbox, "a.xlsx", PATIENT, SMALL, 60)
        assert (photo.source.format, photo.source.width) == ("jpeg", 400)
        for data in (bytes(range(256)), letters.archive({"a.txt": "no document"})):
            with pytest.raises(Refused) as caught:
                await develop(data, sandbox, "a.docx", PATIENT, SMALL, 60)
            assert caught.value.code == "not_a_document"


async def test_without_libreoffice_there_is_what_we_make_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(libreoffice, "PATH", "/nowhere")
    assert "libreoffice-writer-nogui" in libreoffice.missing()
    async with Sandbox() as sandbox:
        letter = await develop(FILES["letter.docx"], sandbox, "letter.docx", PATIENT, SMALL)
        prices = await develop(FILES["prices.csv"], sandbox, "prices.csv", PATIENT, SMALL)
    assert (letter.source.format, letter.source.previews, letter.versions) == ("docx", "unavailable", [])
    assert prices.source.previews == "unavailable"
    assert [one.name for one in prices.versions] == ["table", "text"]


def test_here_it_is() -> None:
    """On a build machine it has to be: without it these tests would prove nothing."""
    assert libreoffice.missing() == ""


def test_from_a_shell(tmp_path: Path) -> None:
    (tmp_path / "letter.docx").write_bytes(LETTER)
    command = [sys.executable, "-m", "processors", str(tmp_path / "letter.docx"), "--into", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "docx 612 x 792 points, page 1 of 1" in done.stdout
    assert (tmp_path / "out/letter.text.txt").read_bytes() == b"Hello"
    assert (tmp_path / "out/letter.pdf.pdf").read_bytes().startswith(b"%PDF-")
    assert len(list((tmp_path / "out").iterdir())) == 6
