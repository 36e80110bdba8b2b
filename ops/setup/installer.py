"""Finds uv, which installs the locked dependencies, or fetches it once into the cache."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from ops.setup.interpreter import Interpreter
from ops.setup.say import say, stop

PINNED = "0.13.8"
OLDEST = (0, 9, 17)
"""The first with everything [tool.uv] in pyproject.toml says."""


def find(cache: Path) -> Path | None:
    """uv from PATH if it is new enough, else the one fetched earlier."""
    for found in (shutil.which("uv"), shutil.which(str(_private(cache)))):
        if found and _version(found) >= OLDEST:
            return Path(found)
    return None


def fetch(cache: Path, python: Interpreter) -> Path:
    """Installs the pinned uv into a folder of its own in `cache`, with pip or a new environment's own."""
    say(f"Fetching uv {PINNED}")
    target = _private(cache).parent.parent
    if python.pip:
        _run([python.path, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(target), f"uv=={PINNED}"])
    else:
        _run([python.path, "-m", "venv", "--clear", str(target)])
        _run([str(target / "bin/python"), "-m", "pip", "install", "--quiet", f"uv=={PINNED}"])
    return _private(cache)


def _private(cache: Path) -> Path:
    return cache / f"uv-{PINNED}" / "bin" / "uv"


def _version(uv: str) -> tuple[int, ...]:
    try:
        out = subprocess.run([uv, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.match(r"uv (\d+)\.(\d+)\.(\d+)", out)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _run(command: list[str]) -> None:
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        stop(
            f"uv could not be fetched:\n{tail}",
            "Check the connection to the package index, or put uv into PATH yourself.",
        )
