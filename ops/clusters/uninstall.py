"""Takes a host's units, settings and programs away again. What is stored on its drives and in its data folder stays."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ops.clusters import places
from ops.clusters.install import HOST
from ops.clusters.manifest import Manifest

KEPT = (places.DATA, places.DRIVES)


def steps(manifest: Manifest, root: Path) -> list[tuple[str, Callable[[], None]]]:
    return [
        ("units: stopped and disabled", lambda: _disable(manifest, root)),
        ("units, settings, certificates", lambda: _files(manifest, root)),
        ("code, dependencies, storage server", lambda: _remove(_at(root, places.CODE.parent))),
    ]


def _disable(manifest: Manifest, root: Path) -> None:
    where = ["--now"] if root == HOST and Path("/run/systemd/system").exists() else ["--root", str(root)]
    names = [unit for unit in manifest.units if not unit.endswith(".mount")]
    subprocess.run(["systemctl", *where, "disable", *names], capture_output=True)


def _files(manifest: Manifest, root: Path) -> None:
    """Mount units stay while drives do: what mounts them now may be somebody's only way to the data."""
    for entry in manifest.files:
        kept = any(folder in entry.path.parents for folder in KEPT) or entry.path.suffix == ".mount"
        if not kept:
            _at(root, entry.path).unlink(missing_ok=True)
    _remove(_at(root, places.SETTINGS))


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _at(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
