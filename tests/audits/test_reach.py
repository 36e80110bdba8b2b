"""What the list of advisories says of us: that there is no way to the code at fault."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.image import kinds
from processors.image.kinds import Kind
from storage.server import command

pytestmark = pytest.mark.pure

CHECKOUT = Path(__file__).parents[2]
MODULES = {"Image", "ImageCms", "features", "UnidentifiedImageError"}
"""All that is imported from PIL: no fonts, no drawing, no filters, no PDF, no viewer."""
FORBIDDEN = {"paste", "crop", "alpha_composite", "apply", "apply_in_place", "show"}
OPENED = "processors/image/source.py"
WRITTEN = {"WEBP", "JPEG"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every file that imports PIL."""
    for package in ("appliance", "ops", "processors", "storage"):
        for path in (CHECKOUT / package).rglob("*.py"):
            # What only the benchmark's contestants do is done by no appliance.
            if re.search(r"^(from|import) PIL", text := path.read_text(), re.M) and "benchmarks" not in path.parts:
                yield str(path.relative_to(CHECKOUT)), ast.parse(text)


def test_only_these_decoders_are_ever_opened() -> None:
    every = [kind for kind in vars(kinds).values() if isinstance(kind, Kind)]
    assert {decoder for kind in every for decoder in kind.decoders} == {
        *("JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF")
    }
    opened = [call for _, tree in trees() for call in calls(tree) if named(call) == "Image.open"]
    assert len(opened) == 1
    assert "formats" in {word.arg for word in opened[0].keywords}


def test_no_call_of_ours_reaches_what_is_at_fault() -> None:
    found = list(trees())
    assert OPENED in {name for name, _ in found}
    for name, tree in found:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "PIL":
                assert {alias.name for alias in node.names} <= MODULES, name
        for call in calls(tree):
            method = named(call).rpartition(".")[2]
            assert method not in FORBIDDEN, (name, named(call))
            if method == "save":
                assert {word.value for word in call.args if isinstance(word, ast.Constant)} <= WRITTEN, name


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def named(call: ast.Call) -> str:
    return ast.unparse(call.func)


def test_the_storage_server_asks_nobody_else_who_somebody_is(tmp_path: Path) -> None:
    drives = [tmp_path / str(number) for number in range(4)]
    for drive in drives:
        drive.mkdir()
    made = command.server(Path("/bin/true"), drives, 9000, "root", "a secret of tests", tmp_path)
    assert not [name for name in made.env if "IDENTITY" in name or "LDAP" in name or "OPENID" in name]
