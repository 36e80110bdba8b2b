"""Whether documents get previews: found, and told by `status` with what to do where they don't."""

from pathlib import Path

import pytest

from ops import offices
from ops.setup import packages
from processors.office import libreoffice
from tests.stack import Stack


def test_status_tells_what_converts_documents(stack: Stack) -> None:
    told = stack.status()["documents"]
    assert told["program"].endswith("/soffice.bin")
    assert told["missing"] == ""
    assert f"documents: previews by {told['program']}" in stack.verb("status").stdout


@pytest.mark.pure
def test_where_it_is_missing_status_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(libreoffice, "PATH", "/nowhere")
    told = offices.told(offices.state())
    assert told.startswith("documents: previews unavailable: LibreOffice is not here")
    assert all(need.debian in told for need in packages.OFFICE if need.debian.startswith("libreoffice"))


@pytest.mark.pure
def test_one_of_ones_own_is_found_by_path_if_it_has_both_halves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "office/program"
    program.mkdir(parents=True)
    for name in ("soffice", "soffice.bin", libreoffice.WRITER):
        (program / name).write_text("")
        (program / name).chmod(0o755)
    (program / "versionrc").write_text("[Version]\nbuildid=abc\n")
    (tmp_path / "soffice").symlink_to(program / "soffice")
    monkeypatch.setattr(libreoffice, "PATH", "/nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert libreoffice.find() is None
    (program / libreoffice.CALC).write_text("")
    found = libreoffice.find()
    assert found
    assert (found.program, found.build) == (str(program / "soffice.bin"), "abc")
    assert str(program.parent) in found.keep
