"""The folder of workflows that is mounted for a worker: each JSON file in it is a library."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from appliance.library.workflow import Unfit, Workflow, load


class Broken(NamedTuple):
    """A file that is no workflow. problem: for people."""

    name: str
    problem: str


def mounted(folder: Path) -> Iterator[Workflow | Broken]:
    """What is in there, in the order of names; of two of one name the first. A folder that is not there is empty."""
    names = set[str]()
    for path in sorted(folder.glob("*.json")):
        try:
            workflow = load(path)
        except (OSError, Unfit) as error:
            yield Broken(_shown(path), _text(str(error)))
            continue
        if workflow.name in names:
            yield Broken(_shown(path), f"another file has the name {workflow.name!r} already")
            continue
        names.add(workflow.name)
        yield workflow


def _shown(path: Path) -> str:
    return _text(path.name)


def _text(words: str) -> str:
    """What may be of a name that is no text, as text."""
    return words.encode("utf-8", "backslashreplace").decode()
