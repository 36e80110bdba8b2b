"""Documents that mean harm: what they name is not fetched, what they bring does not run, what takes too much ends."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image

from processors.limits import MAX_ROWS
from processors.office import libreoffice
from processors.office.develop import BOUNDS, convert, develop
from processors.office.inside.profile import HEAD, ITEM
from processors.office.libreoffice import Office
from processors.recipes import Recipe, VersionSpec
from processors.refusals import Refused
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.layers import SECOND, Layer, Protection
from processors.sandbox.memory import tree
from processors.sandbox.sandbox import Sandbox
from tests.processors import letters
from tests.processors.canary import Canary
from tests.processors.pictures import encoded
from tests.processors.reading import opened, version
from tests.processors.test_executing import cmdline

SMALL = Recipe("small", (VersionSpec("large", 400, 400),), quality=80)
PATIENT = replace(BOUNDS, seconds=120.0)
LETTER = letters.docx(letters.paragraph("Hello"))
RED = encoded(Image.new("RGB", (64, 64), (255, 0, 0)), "PNG")
ATTEMPTS = Path(__file__).with_name("attempts.pl")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that everybody may use, and not where a program finds one of its own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def letter_with_pictures(*addresses: str, body: str = "") -> bytes:
    frame = '<text:p><draw:frame text:anchor-type="as-char" svg:width="12cm" svg:height="6cm">{}</draw:frame></text:p>'
    image = '<draw:image xlink:href="{}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/>'
    frames = "".join(frame.format(image.format(address)) for address in addresses)
    return letters.open_document("text", f"{frames}{body}<text:p>Hello</text:p>")


def reaching_out(url: str, folder: str) -> dict[str, bytes]:
    """Documents that name an address, and two files of the machine, in all the ways there are."""
    secret = f"{folder}/secret.txt"
    shape = '<v:shape style="width:99pt;height:99pt"><v:imagedata r:id="p"/></v:shape>'
    picture = f"<w:p><w:r><w:pict>{shape}</w:pict></w:r></w:p>"
    section = '<text:section text:name="{}"><text:section-source xlink:href="{}"/><text:p>old</text:p></text:section>'
    sections = section.format("a", url) + section.format("b", f"file://{secret}")
    formula = (
        '<table:table-cell table:formula="of:={}" office:value-type="string"><text:p>old</text:p></table:table-cell>'
    )
    formulas = (f"WEBSERVICE(&quot;{url}&quot;)", f"&apos;{url}&apos;#$A.A1", f"&apos;file://{secret}&apos;#$A.A1")
    cells = "".join(map(formula.format, formulas)) + "<table:table-cell><text:p>Hello</text:p></table:table-cell>"
    return {
        "letter.docx": letters.docx(
            picture + letters.paragraph("Hello"), [("p", "image", url), ("t", "attachedTemplate", url)]
        ),
        "letter.odt": letter_with_pictures(url, f"file://{folder}/red.png", body=sections),
        "letter.rtf": letters.rtf(
            rf'{{\field{{\*\fldinst INCLUDEPICTURE "{url}" \\d}}}}{{\field{{\*\fldinst INCLUDETEXT "{secret}"}}}} Hello'
        ),
        "prices.ods": letters.open_document(
            "spreadsheet", f'<table:table table:name="A"><table:table-row>{cells}</table:table-row></table:table>'
        ),
        "prices.csv": f'=WEBSERVICE("{url}"),"=DDE(""soffice"",""{secret}"",""A1"")",Hello\n'.encode(),
    }


def unguarded(document: Path, office: Office, folder: Path, macros: bool = False) -> subprocess.Popen[bytes]:
    """LibreOffice on a document as anybody would start it, its profile allowing everything."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    setting = ITEM.format("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "0")
    (profile / "user/registrymodifications.xcu").write_text(f"{HEAD}{setting}</oor:items>")
    (profile / "user/extensions").mkdir()
    (profile / "user/extensions/buildid").write_text(office.build)
    act = [] if macros else ["--convert-to", "pdf", "--outdir", str(folder)]
    words = [
        office.program,
        f"-env:UserInstallation=file://{profile}",
        "--headless",
        "--norestore",
        *act,
        str(document),
    ]
    environment = {"HOME": str(folder), "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}
    return subprocess.Popen(
        words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def ended(process: subprocess.Popen[bytes], when: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether `when` came true before it ended, or its time was up; it is ended."""
    deadline = time.monotonic() + seconds
    try:
        while not when() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return when()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def redness(picture: Image.Image) -> float:
    """The part of it that is red."""
    pixels = numpy.asarray(picture.convert("RGB"), numpy.int16)
    return float(((pixels[..., 0] > 200) & (pixels[..., 1] < 60)).mean())


async def test_nothing_is_fetched_and_no_foreign_file_is_in_it(
    sandbox: Sandbox, canary: Canary, reachable: Path
) -> None:
    """Of text and picture alike. The letter whose picture lies on the machine is red where nothing guards it."""
    (reachable / "secret.txt").write_text("SECRET")
    (reachable / "red.png").write_bytes(RED)
    for name, data in reaching_out(canary.url, str(reachable)).items():
        made = await develop(data, sandbox, name, PATIENT, SMALL, 60)
        assert b"Hello" in version(made, "text").data, name
        assert not any(b"SECRET" in one.data for one in made.versions), name
        assert redness(opened(version(made, "large"))) == 0, name
    assert canary.visits == 0


async def test_they_would_be_where_nothing_guards(canary: Canary, tmp_path: Path) -> None:
    """Else the test before would prove nothing."""
    office = libreoffice.find()
    assert office
    document = tmp_path / "red.odt"
    (tmp_path / "red.png").write_bytes(RED)
    document.write_bytes(letter_with_pictures(canary.url, f"file://{tmp_path}/red.png"))
    process = unguarded(document, office, tmp_path)
    ended(process, lambda: False)
    assert canary.visits > 0
    pdf = (tmp_path / "red.pdf").read_bytes()
    async with Sandbox() as sandbox:
        assert redness(opened(version(await sandbox.develop(pdf, 60, SMALL, None), "large"))) > 0.05


async def test_a_macro_does_not_run(sandbox: Sandbox, reachable: Path) -> None:
    """It does, as soon as it is loaded, where it may."""
    office = libreoffice.find()
    assert office
    trace, document = reachable / "trace", reachable / "letter.odt"
    body = 'ThisComponent.Text.String = "changed"'
    document.write_bytes(letters.with_macro(f'Open "{trace}" For Output As #1\nPrint #1, "ran"\nClose #1\n{body}'))
    assert ended(unguarded(document, office, reachable / "office", macros=True), trace.exists)
    trace.unlink()
    made = await develop(document.read_bytes(), sandbox, "letter.odt", PATIENT, SMALL, 60)
    assert version(made, "text").data == b"Hello"
    assert not trace.exists()


@pytest.mark.parametrize("second", sorted(SECOND))
async def test_what_a_program_that_was_taken_over_could_do(second: Layer, canary: Canary, reachable: Path) -> None:
    """In LibreOffice's place, by the same way. Everything goes through where nothing guards."""
    folder, secret = reachable / "program", reachable / "secret"
    script = folder / "attempts.pl"
    folder.mkdir()
    shutil.copy(ATTEMPTS, script)
    script.chmod(0o755)
    secret.write_text("secret")
    (folder / "attempts.txt").write_text(f"{secret} {canary.port} {os.getpid()}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{secret}.socket")
        os.chmod(f"{secret}.socket", 0o777)
        listener.listen()
        await asyncio.to_thread(subprocess.run, [script, "--outdir", reachable], check=True)
        found = json.loads((reachable / "document.pdf").read_text())
        assert all(found.values()), found
        visits = canary.visits
        protection = Protection(frozenset({Layer.FILTER, second}))
        office = Office(str(script), (str(folder), "/usr/bin"), "")
        made = await convert(LETTER, protection, "a.docx", PATIENT, office)
    assert made
    inside = json.loads(made.pdf)
    assert set(inside) == set(found)
    assert not any(inside.values()), inside
    assert canary.visits == visits


async def test_what_is_refused_before_libreoffice_has_it_is_refused_at_once(sandbox: Sandbox) -> None:
    bomb = letters.docx(letters.paragraph("Hello"), more={"word/bomb.xml": bytes(40 << 20)})
    locked = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4000) + "EncryptedPackage".encode("utf-16-le")
    rows = ([number] for number in range(MAX_ROWS + 1))
    documents = {
        "million.csv": (b"1,2,3\n" * 1_000_000, "too_many_rows"),
        "as many.xlsx": (letters.xlsx({"A": rows}), "too_many_rows"),
        "bomb.docx": (bomb, "too_much_unpacked"),
        "locked.docx": (locked, "encrypted"),
    }
    for name, (data, code) in documents.items():
        began = time.monotonic()
        with pytest.raises(Refused) as caught:
            await develop(data, sandbox, name, BOUNDS, SMALL)
        assert caught.value.code == code, name
        assert time.monotonic() - began < 5, name


async def test_a_conversion_that_takes_too_long_is_ended_whole(sandbox: Sandbox) -> None:
    """With the kind of file that does: many cells. The next one is fine."""
    many = letters.xlsx({"A": [[number, f"name {number}", number / 7] for number in range(60_000)]})
    began = time.monotonic()
    with pytest.raises(SandboxTimeout):
        await develop(many, sandbox, "a.xlsx", replace(BOUNDS, seconds=2.0), SMALL)
    assert time.monotonic() - began < 6
    assert not any(b"soffice" in cmdline(pid) for pid in tree(os.getpid())[1:])
    assert version(await develop(LETTER, sandbox, "a.docx", PATIENT, SMALL, 60), "text").data == b"Hello"


@pytest.mark.parametrize("bounds", [replace(PATIENT, max_bytes=150 << 20), replace(PATIENT, scratch_bytes=16 << 10)])
@pytest.mark.parametrize("second", [Layer.LANDLOCK, Layer.UNSHARE])
async def test_memory_and_room_have_an_end(second: Layer, bounds: object) -> None:
    with pytest.raises(Refused) as caught:
        await convert(LETTER, Protection(frozenset({Layer.FILTER, second})), "a.docx", bounds, libreoffice.find())  # type: ignore[arg-type]
    assert caught.value.code == "too_much_memory"
