"""Takes a host's units, settings and programs away again. What is stored on its drives and in its data folder stays."""

import shutil
from collections.abc import Callable
from pathlib import Path

from ops.clusters import places
from ops.clusters.install import live, systemctl
from ops.clusters.manifest import Manifest

KEPT = (places.DATA, places.DRIVES)


def steps(manifest: Manifest, root: Path) -> list[tuple[str, Callable[[], None]]]:
    return [
        ("units: stopped and disabled", lambda: _disable(manifest, root)),
        ("units, settings, certificates", lambda: _files(manifest, root)),
        ("code, dependencies, storage server", lambda: _remove(_at(root, places.CODE.parent))),
    ]


def _disable(manifest: Manifest, root: Path) -> None:
    now = ["--now"] if live(root) else []
    systemctl(root, "disable", *now, *(unit for unit in manifest.units if not unit.endswith(".mount")))


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
