"""The template of plug-ins as an installed package: in a folder on the path, as `pip install --target` leaves it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from processors import named
from tests.ops.test_placement import clone
from tests.stack import CHECKOUT

TEMPLATE = CHECKOUT / "appliance/library/template"
MODULE = "darkroom_template"


def installed(target: Path, *changes: tuple[str, str], version: str = "") -> Path:
    """Puts it there, with each text of the module changed into another one. A wheel of pure Python is installed by
    unpacking it (https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
    """
    project = tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]
    code = (TEMPLATE / f"{MODULE}.py").read_text()
    for before, after in changes:
        assert before in code
        code = code.replace(before, after)
    target.mkdir(exist_ok=True)
    (target / f"{MODULE}.py").write_text(code)
    facts = target / "darkroom_template.dist-info"
    facts.mkdir(exist_ok=True)
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version or project['version']}\n"
    )
    points = (
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in some.items())
        for group, some in project["entry-points"].items()
    )
    (facts / "entry_points.txt").write_text("".join(points))
    return target


def checkout(target: Path, *changes: tuple[str, str]) -> Path:
    """A clone of ours in whose environment it is installed; `target`."""
    clone(target, with_environment=False)
    # By links, file by file: what is installed here is in none of ours.
    ours = (CHECKOUT / ".venv").resolve()
    subprocess.run(["cp", "--archive", "--link", str(ours), str(target / ".venv")], check=True)
    [packages] = (target / ".venv/lib").glob("python3.*/site-packages")
    installed(packages, *changes)
    return target


class Packages:
    """What is installed in this process, for one test."""

    def __init__(self, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.target = target
        target.mkdir()
        monkeypatch.syspath_prepend(str(target))
        self.forget()

    def install(self, *changes: tuple[str, str], version: str = "") -> None:
        """In the place of what was there."""
        installed(self.target, *changes, version=version)
        self.forget()

    def forget(self) -> None:
        """What Python knows of it by now, so that it is read as a process reads it that starts."""
        sys.modules.pop(MODULE, None)
        named.installed.cache_clear()
        for compiled in self.target.glob("__pycache__/*"):
            compiled.unlink()
