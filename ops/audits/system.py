"""The system's libraries that the environment's own are linked with, on Debian and its like."""

import ctypes.util
import importlib.util
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ops.audits.components import Component

LOADED = ("turbojpeg", "magic")
"""Opened by name at run time, so no linker tells of them."""
FOLDERS = ("/lib", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu")
PROGRAMS = ("chromium", "libreoffice-core", "libreoffice-core-nogui")
"""Not linked with anything here. The first is needed by the tests of the page alone, the others convert documents."""


class Update(NamedTuple):
    """A package of which apt, when it last looked, had a newer version."""

    package: str
    installed: str
    candidate: str


def libraries() -> list[Path]:
    """What the imaging library is linked with, with all that those need."""
    spec = importlib.util.find_spec("PIL")
    folders = (spec.submodule_search_locations or []) if spec else []
    linked: set[Path] = set()
    for module in (path for folder in folders for path in Path(folder).glob("*.so")):
        linked |= {Path(word) for word in _said("ldd", str(module)).split() if word.startswith("/")}
    named = [name for one in LOADED if (name := ctypes.util.find_library(one))]
    return sorted({*linked, *(path for name in named for folder in FOLDERS if (path := Path(folder, name)).exists())})


def packages(paths: Iterable[Path]) -> list[str]:
    """The Debian packages that these files are of, and PROGRAMS that are installed."""
    # dpkg knows a file by the path that its package has, which may lie behind the link /lib.
    known = {str(name) for path in paths for name in (path, path.resolve())}
    spelled = known | {name.removeprefix("/usr") for name in known}
    names = {line.split(": ")[0].split(":")[0] for line in _said("dpkg", "-S", *sorted(spelled)).splitlines()}
    return sorted(names | {name for name in PROGRAMS if _said("dpkg-query", "-W", "-f", "${Version}", name)})


def components(names: Iterable[str], release: str) -> list[Component]:
    """These packages by their source, as Debian's advisories name them; `release` is the number of the system's."""
    told = _said("dpkg-query", "-W", "-f", "${source:Package} ${source:Version} ${Package}\n", *names)
    rows = (line.split() for line in told.splitlines())
    return [Component(f"Debian:{release}", row[0], row[1], f"system package {row[2]}") for row in rows if len(row) == 3]


def updates(names: Iterable[str]) -> list[Update]:
    """Those of which a newer version waits, as of the last `apt-get update`."""
    return waiting(_said("apt-cache", "policy", *names))


def waiting(policy: str) -> list[Update]:
    """The same from what `apt-cache policy` says."""
    found, package, installed = [], "", ""
    for line in policy.splitlines():
        word, _, rest = line.strip().partition(": ")
        if line and not line.startswith(" "):
            package = line.rstrip(":")
        elif word == "Installed":
            installed = rest
        elif word == "Candidate" and rest != installed and "(none)" not in (rest, installed):
            found.append(Update(package, installed, rest))
    return found


def _said(*command: str) -> str:
    """What a tool of the system says; "" where there is none, or it has no answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
