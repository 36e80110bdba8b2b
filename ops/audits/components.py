"""What an appliance is made of, with versions: as pinned, and as it is found on this machine."""

import importlib.metadata
import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Component(NamedTuple):
    """`ecosystem` and `name` are those of OSV; `of` says of what it is a part."""

    ecosystem: str
    name: str
    version: str
    of: str


class Difference(NamedTuple):
    """Something is not what was pinned; `found` is "" where it is not there."""

    name: str
    pinned: str
    found: str


IMAGING = "pillow-simd"
_GO_VERSION = re.compile(r": go(\d+\.\d+(?:\.\d+)?)")
_REQUIRED = re.compile(r"^(?:require )?\s*([a-z0-9][^\s]+\.[^\s]+) (v\S+)", re.MULTILINE)


def python(lock: Path) -> tuple[list[Component], list[Difference]]:
    """The packages of this environment, and what differs from the lock file."""
    locked: dict[str, list[str]] = {}  # some have another version for another Python
    for one in tomllib.loads(lock.read_text())["package"]:
        locked.setdefault(one["name"], []).append(one.get("version", ""))
    found = {
        re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version for one in importlib.metadata.distributions()
    }
    components = [Component("PyPI", name, version, "Python packages") for name, version in sorted(found.items())]
    if IMAGING in found:
        # Its versions are those of the Pillow that it is made from, and so are its faults.
        origin = found[IMAGING].partition(".post")[0]
        components.append(Component("PyPI", "pillow", origin, f"{IMAGING} {found[IMAGING]}"))
    pinned = {name: " or ".join(locked.get(name, [])) for name in found}
    return components, [
        Difference(name, pinned[name], at) for name, at in found.items() if at not in locked.get(name, [])
    ]


def go_program(go: Path, binary: Path, of: str) -> list[Component]:
    """The modules inside a program made by Go, and its standard library. Raises subprocess.CalledProcessError."""
    told = subprocess.run([go, "version", "-m", binary], capture_output=True, text=True, check=True).stdout
    return go_modules(told, of)


def go_modules(told: str, of: str) -> list[Component]:
    """The same from what `go version -m` says of one program."""
    components = []
    if found := _GO_VERSION.search(told.partition("\n")[0]):
        components.append(Component("Go", "stdlib", found[1], of))
    for line in told.splitlines():
        fields = line.split("\t")[1:]
        if len(fields) > 2 and fields[0] in ("mod", "dep", "=>") and fields[2].startswith("v"):
            if fields[0] == "=>":
                components.pop()  # the one before it was replaced by this
            components.append(Component("Go", fields[1], fields[2], of))
    return components


def not_as_required(go_mod: str, built: Iterable[Component]) -> list[Difference]:
    """Modules in a program whose version is another than go.mod has."""
    required = dict(_REQUIRED.findall(go_mod))
    return [
        Difference(one.name, required[one.name], one.version)
        for one in built
        if one.name in required and required[one.name] != one.version
    ]
