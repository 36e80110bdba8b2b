"""Writes the compose file, and gives what was rendered to the account that runs in the containers."""

import os
from pathlib import Path

from ops.clusters.files import Material, Server
from ops.clusters.render import FILES
from ops.containers import compose
from ops.containers.image import UID

SILO = Server("silo", None)
"""What all nodes run in containers: the maintained fork, which the image takes from the image of its makers."""


def write(of: Material, out: Path, file: Path) -> None:
    """Writes `file` for what was rendered into `out`. Raises ValueError and OSError."""
    made = compose.text(of, _from(file.absolute().parent, out.absolute()))
    for host in of.cluster.hosts:
        for path in (out / host.name / FILES).rglob("*"):
            # Folders stay root's: what is in them is mounted one by one.
            if path.is_file():
                os.chown(path, UID, UID)
    file.write_text(made)


def _from(folder: Path, out: Path) -> str:
    """`out` as seen from `folder`. Raises ValueError where it is elsewhere."""
    if folder not in out.parents:
        raise ValueError(f"{out} must be below {folder}, where the compose file is to be")
    return f"./{out.relative_to(folder)}"
