"""`./ops/test`: what runs at which extent, and that CI and the commit hook are the same command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.commands import test as command
from ops.setup import packages
from tests.stack import CHECKOUT

pytestmark = pytest.mark.pure


def marks(fast: bool = False, long: bool = False, root: bool = True) -> str:
    words = [word for word in command.pytest(fast, long, [], root) if not word.endswith(".py")]
    return words[words.index("-m", 3) + 1] if "-m" in words[3:] else ""


def test_all_but_its_own_arguments_are_pytests():
    given, rest = command.parse(["tests/storage", "-k", "links", "--fast", "-x"])
    assert given.fast
    assert rest == ["tests/storage", "-k", "links", "-x"]
    assert command.pytest(False, True, rest, True) == [sys.executable, "-m", "pytest", *rest]


def test_each_extent_leaves_out_what_it_says():
    assert marks() == "not long"
    assert marks(fast=True) == "pure and not long"
    assert marks(long=True) == ""
    assert marks(long=True, root=False) == "not root"


def test_files_run_side_by_side_when_all_are_asked_for():
    assert "--numprocesses" in command.pytest(False, False, [], True)
    assert "--numprocesses" in command.pytest(False, True, [], True)
    assert "--numprocesses" not in command.pytest(False, False, ["tests/storage"], True)
    assert "--numprocesses" not in command.pytest(True, False, [], True)


@pytest.mark.root
def test_ci_without_roots_rights_fails_and_leaves_nothing_out():
    content = (CHECKOUT / ".ci/run").read_text()
    nobody = ["setpriv", "--reuid", "65534", "--clear-groups", "sh", "-c", content, "run"]
    done = subprocess.run(nobody, capture_output=True, text=True)
    assert done.returncode == 1
    assert "CI runs as root" in done.stderr


def test_lint_types_and_import_rules_come_first():
    assert [name for name, _ in command.checks()] == ["lint", "format", "types", "imports"]


def test_a_check_that_fails_is_told_as_failed(capsys):
    assert command.passes("good", ["true"]) is True
    assert command.passes("bad", ["false"]) is False
    assert "bad: FAILED" in capsys.readouterr().err


@pytest.mark.parametrize("extent", ["--fast", "--long"])
def test_the_fast_lane_installs_nothing(extent, monkeypatch):
    wanted = []
    monkeypatch.setattr(packages.Need, "present", lambda need: False)
    monkeypatch.setattr(packages, "family", lambda: "debian")
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "install", lambda needs, why: wanted.extend(needs))
    monkeypatch.setattr(command, "passes", lambda name, words: True)
    monkeypatch.setattr(command.locate, "find", lambda cache=None: None)
    monkeypatch.setattr(command, "build_storage_server", lambda: wanted.append("server"))
    monkeypatch.setattr(sys, "argv", ["test", extent])
    assert command.main() == 0
    roots = [packages.POWER, *packages.HOSTS, *packages.OFFICE, packages.BUBBLEWRAP]
    everything = [packages.BROWSER, packages.CLOCK, *roots, "server"]
    assert wanted == ([] if extent == "--fast" else everything)


def test_an_import_against_the_direction_is_found(tmp_path):
    """The rule is run on a copy in which a leaf reaches up."""
    for name in ("appliance", "storage", "processors", "ops", "pyproject.toml"):
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / name, tmp_path / name)
    rule = dict(command.checks())["imports"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "timeout": 60}
    assert subprocess.run(rule, **run).returncode == 0
    with (tmp_path / "storage" / "keys_from_above.py").open("w") as file:
        file.write("from appliance import config\n\n__all__ = ['config']\n")
    broken = subprocess.run(rule, **run)
    assert broken.returncode == 1
    assert "storage is not allowed to import appliance" in broken.stdout


@pytest.fixture
def stand_in(tmp_path) -> Path:
    """A repository with our two scripts in it, whose `ops/test` only says what it was called with."""
    for name in (".ci/run", ".githooks/pre-commit"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy2(CHECKOUT / name, tmp_path / name)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops/test").write_text('#!/bin/sh\necho "called with: $*"\nexit 7\n')
    (tmp_path / "ops/test").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [(".ci/run", ["--long"], "called with: --long"), (".githooks/pre-commit", [], "called with: --fast")],
)
def test_ci_and_the_hook_call_it_and_give_its_answer(stand_in, script, arguments, said):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        [stand_in / script, *arguments], cwd=stand_in, env=clean, capture_output=True, text=True, timeout=30
    )
    assert done.stdout.strip() == said
    assert done.returncode == 7


def test_the_fast_lane_loads_no_file_without_a_test_of_its_own() -> None:
    files = command.pytest(True, False, [], True)[5:]
    assert str(Path(__file__)) in files
    assert not [path for path in files if "mark.pure" not in Path(path).read_text()]
    assert command.pytest(True, False, ["tests/ops"], True)[5:] == ["tests/ops"]
