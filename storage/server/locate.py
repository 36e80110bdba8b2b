"""Where the storage server's binary is."""

import hashlib
import os
import platform
import shutil
from pathlib import Path

SOURCE = Path(__file__).parent
"""The folder with the go.mod and go.sum that pin the server."""

# What is known of the pinned commit; the server reports these as its version.
COMMIT = "7aac2a2c5b7c"
COMMITTED = "2026-02-12T20:18:48Z"


class BinaryUnusable(RuntimeError):
    """DARKROOM_MINIO names something that can't be run."""


def default_cache() -> Path:
    """The folder for what can be made again: `$XDG_CACHE_HOME/darkroom`, or `~/.cache/darkroom`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "darkroom"


def built(cache: Path) -> Path:
    """Where a build of the pinned module belongs in `cache`, whether it is there or not.

    The name changes with go.mod, go.sum and the processor, so a raised dependency is never served by an old build.
    """
    pins = b"".join((SOURCE / name).read_bytes() for name in ("go.mod", "go.sum"))
    key = hashlib.sha256(pins + COMMITTED.encode()).hexdigest()[:12]
    return cache / f"storage-server-{platform.machine()}-{key}" / "minio"


def find(cache: Path | None = None) -> Path | None:
    """The server to run: `$DARKROOM_MINIO`, else `minio` or `silo` in PATH, else an earlier build in `cache`.

    Returns None where there is none yet and `build.build(cache)` is needed.
    Raises BinaryUnusable if DARKROOM_MINIO is set to something that is no executable: to go on with another server than
    the one the operator chose would be a surprise.
    """
    chosen = os.environ.get("DARKROOM_MINIO")
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise BinaryUnusable(f"DARKROOM_MINIO is {chosen!r}, which is not an executable file")
        return Path(found).absolute()
    for name in ("minio", "silo"):
        if found := shutil.which(name):
            return Path(found).absolute()
    binary = built(cache or default_cache())
    return binary if os.access(binary, os.X_OK) else None
