"""Which Python the environment is made of."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ops.setup.say import stop

NAMES = ("python3.13", "python3.12", "python3.11", "python3")
FOLDERS = ("/usr/bin", "/usr/local/bin", "/opt/bin")
PROBE = """
import importlib.util, json, os, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:2]),
    "headers": os.path.join(sysconfig.get_path("include"), "Python.h"),
    "pip": importlib.util.find_spec("pip") is not None,
    "venv": importlib.util.find_spec("ensurepip") is not None,
}))
"""


@dataclass(frozen=True)
class Interpreter:
    path: str
    version: tuple[int, int]
    headers: Path
    """Where its Python.h is, or would be."""
    pip: bool
    venv: bool
    """Whether it can make virtual environments with pip in them (Debian packages that apart)."""


def choose() -> Interpreter:
    """The Python that runs this, or, where root's own can't be executed by others, the first one that can."""
    probed = (probe(path) for path in _candidates())
    found = next((one for one in probed if one is not None and one.version >= (3, 11)), None)
    if found is None:
        stop(
            f"{sys.executable} can't be executed by other users, and there is no other Python 3.11 or newer",
            "Install the system's own: apt-get install python3. Or start as an ordinary user.",
        )
    return found


def probe(path: str) -> Interpreter | None:
    """What `path` is and has; None if it is no working Python."""
    try:
        out = subprocess.run([path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=60)
        facts = json.loads(out.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    version = (facts["version"][0], facts["version"][1])
    return Interpreter(path, version, Path(facts["headers"]), facts["pip"], facts["venv"])


def shared(path: str) -> bool:
    """Whether every user of the machine may execute `path`: its mode, and that of each folder above it."""
    real = Path(os.path.realpath(path))
    try:
        return bool(real.stat().st_mode & 0o001) and all(parent.stat().st_mode & 0o001 for parent in real.parents)
    except OSError:
        return False


def _candidates() -> list[str]:
    # Not sys.executable: inside an environment that is a link which goes away with it.
    own = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    if os.geteuid() != 0:
        return [own]
    others = [found for folder in FOLDERS for name in NAMES if (found := shutil.which(name, path=folder))]
    return [path for path in [own, *dict.fromkeys(os.path.realpath(other) for other in others)] if shared(path)]
