"""The virtual environment with the locked dependencies: made when missing or stale, checked in milliseconds."""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from ops.setup import installer, interpreter, packages, preflight
from ops.setup.say import say, stop

STAMP = "darkroom.json"
CLONE = "Clone Darkroom to a folder of your own, or change its owner."

# Run by the new environment's Python, with the checkout as its argument.
IMAGING_CHECK = """
import sys
sys.path.append(sys.argv[1])
from processors.image import library
try:
    library.check()
except library.WrongLibrary as error:
    sys.exit(str(error))
"""


def ensure(checkout: Path, venv: Path, cache: Path, dev: bool) -> Path:
    """The environment's Python, after making or refreshing `venv` where uv.lock, pyproject.toml or Python have changed.

    dev adds the tools of the tests; once there they stay. As root only Pythons that everybody can execute are used.
    """
    python = venv / "bin/python"
    if fresh(checkout, venv, dev):
        return python
    with _locked(venv):
        if not fresh(checkout, venv, dev):
            _make(checkout, venv, cache, dev or (venv / "bin/pytest").exists())
    return python


def fresh(checkout: Path, venv: Path, dev: bool) -> bool:
    """Whether `venv` is complete and made from the files that lie in `checkout` now."""
    try:
        stamp = json.loads((venv / STAMP).read_text())
        if stamp["locked"] != _locked_hash(checkout) or (dev and not stamp["dev"]):
            return False
        return os.access(stamp["python"], os.X_OK) and (os.geteuid() != 0 or interpreter.shared(stamp["python"]))
    except (OSError, ValueError, KeyError):
        return False


def _locked_hash(checkout: Path) -> str:
    return hashlib.sha256(b"\0".join((checkout / n).read_bytes() for n in ("uv.lock", "pyproject.toml"))).hexdigest()


def _make(checkout: Path, venv: Path, cache: Path, dev: bool) -> None:
    room = "Make room there, or clone Darkroom to a disk that has it."
    wrong = [
        preflight.writable(venv, CLONE),
        preflight.disk(venv, preflight.DISK_FOR_ENVIRONMENT, "the first set-up", room),
    ]
    for problem in wrong:
        if problem:
            stop(problem.what, problem.remedy)
    python = interpreter.choose()
    uv = installer.find(cache)
    if needs := packages.missing(python, uv is not None):
        packages.install(needs)
        python = interpreter.probe(python.path) or python
    uv = uv or installer.fetch(cache, python)
    _sync(uv, checkout, venv, python.path, dev)
    check = [str(venv / "bin/python"), "-I", "-B", "-c", IMAGING_CHECK, str(checkout)]
    checked = subprocess.run(check, capture_output=True, text=True)
    if checked.returncode:
        stop(
            checked.stderr.strip(), f"Remove {venv} and type the same command again; uv's output says why if it fails."
        )
    stamp = {"locked": _locked_hash(checkout), "python": python.path, "dev": dev}
    (venv / STAMP).write_text(json.dumps(stamp))


def _sync(uv: Path, checkout: Path, venv: Path, python: str, dev: bool) -> None:
    say(f"Installing the locked dependencies into {venv} (the first time takes one to three minutes)")
    began = time.monotonic()
    command = [str(uv), "sync", "--frozen", "--compile-bytecode", "--python", python, "--project", str(checkout)]
    command += ["--inexact"]  # what an operator has added, as a plug-in, stays
    command += ["--group", "dev"] if dev else ["--no-dev"]
    # An environment that happens to be active is none of ours; a Python that uv would download is none we have checked.
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment |= {"UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON_DOWNLOADS": "never"}
    if _shown([*command, "--no-progress"], environment):
        stop(
            "uv could not install the dependencies (its reason is above)", "Put that right, then type the same command."
        )
    say(f"Dependencies ready after {time.monotonic() - began:.0f} s")


def _shown(command: list[str], environment: dict[str, str]) -> int:
    """The exit code of uv, whose steps are shown as they come, but for the list of every package."""
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace") as uv:
        assert uv.stderr is not None
        for line in uv.stderr:
            if not line.startswith((" + ", " - ", " ~ ")):
                say("  " + line.rstrip())
        return uv.wait()


@contextlib.contextmanager
def _locked(venv: Path) -> Iterator[None]:
    """Two first starts at once: the second waits for the first, then finds its work done."""
    problem = preflight.writable(venv, CLONE)
    if problem:
        stop(problem.what, problem.remedy)
    venv.parent.mkdir(parents=True, exist_ok=True)
    with (venv.parent / f"{venv.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
