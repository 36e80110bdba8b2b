"""`./ops/library` on a running appliance: what is given to it is found, told and paused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.appliance.client import wait_for
from tests.library.films import made
from tests.library.house import House
from tests.stack import Stack

NAME = "Listed"


@pytest.fixture(scope="module")
def stack(house: House) -> Stack:
    return house.stack


@pytest.fixture(scope="module")
def films(stack: Stack) -> Path:
    return made(stack.folder / "listed")


def workflow(stack: Stack, films: Path, **different: Any) -> str:
    path = stack.folder / "given.json"
    target = {"codec": "h265", "bit_rates": {"2160": "400k"}}
    path.write_text(json.dumps({"name": NAME, "source": {"folder": str(films)}, "target": target} | different))
    path.chmod(0o600)  # its owner's alone, who is not whom the worker runs as
    return str(path)


def standing(stack: Stack, name: str = NAME) -> dict[str, Any]:
    listed = json.loads(stack.verb("library", "status", "--json").stdout)
    return next((one for one in listed if one["name"] == name), {})


def looked_through(stack: Stack) -> bool:
    scan = standing(stack).get("scan")
    return bool(scan and scan["ended_at"])


def test_what_is_given_is_looked_through_and_nothing_is_written(stack: Stack, films: Path) -> None:
    before = {path: path.read_bytes() for path in films.rglob("*") if path.is_file()}
    done = stack.verb("library", "run", workflow(stack, films))
    assert done.returncode == 0, done.stderr
    wait_for(lambda: looked_through(stack), 30)
    found = standing(stack)
    assert found["ahead"]["waiting"] == 2
    assert found["scan"]["skips"] == {"codec": 2, "refused": 2, "saving": 1, "empty": 1, "unsettled": 1}
    assert "nothing is written" in found["waits"]
    shown = stack.verb("library", "status").stdout
    assert "to do: 2" in shown
    assert {path: path.read_bytes() for path in films.rglob("*") if path.is_file()} == before


def test_paused_and_resumed_and_looked_through_again(stack: Stack, films: Path) -> None:
    assert stack.verb("library", "pause", NAME).returncode == 0
    wait_for(lambda: standing(stack)["waits"] == "it is paused", 10)
    assert stack.verb("library", "resume", NAME).returncode == 0
    wait_for(lambda: standing(stack)["waits"] != "it is paused", 10)
    last = standing(stack)["scan"]["began_at"]
    assert stack.verb("library", "scan", NAME).returncode == 0
    wait_for(lambda: standing(stack)["scan"]["began_at"] > last, 10)


def test_a_name_that_there_is_not(stack: Stack) -> None:
    done = stack.verb("library", "pause", "Nobody's")
    assert done.returncode == 1
    assert 'no library "Nobody\'s"' in done.stderr


def test_a_file_that_is_no_workflow_is_refused_and_one_that_is_mounted_is_told(stack: Stack, films: Path) -> None:
    wrong = stack.verb("library", "run", workflow(stack, films, target={"codec": "theora"}))
    assert wrong.returncode == 2
    assert "target.codec" in wrong.stderr
    mounted = stack.data / "library" / "broken.json"
    mounted.write_text("{}")
    mounted.chmod(0o644)
    wait_for(lambda: "missing required field" in (standing(stack, "broken.json").get("problem") or ""), 10)
    mounted.unlink()
    wait_for(lambda: not standing(stack, "broken.json"), 10)
