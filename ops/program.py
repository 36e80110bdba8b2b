"""Becomes a program of the appliance, wherever it is installed: `python -m ops.program NAME [ARG …]`.

What units and containers run, so that no path of one machine stands in them. DARKROOM_DATA names the data folder.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from ops import locate, majors, postgres
from ops.folder import DataFolder
from storage.server import identity
from storage.server.locate import find

PASSWORD = "DARKROOM_DATABASE_PASSWORD"
STARTED = "storage/started.json"
"""With what this node runs, which may not be any more what it would be started with. In a container that folder is the
only one here that can be written to.
"""


def main(arguments: Sequence[str]) -> NoReturn:
    name, *rest = arguments
    data = os.environ.pop("DARKROOM_DATA", "")
    if not data or name not in BECOMING:
        sys.exit(f"python -m ops.program {{{','.join(BECOMING)}}} [ARG …], with DARKROOM_DATA set")
    BECOMING[name](DataFolder(Path(data)), rest)
    raise AssertionError("each of them replaces this process")


def _caddy(folder: DataFolder, arguments: list[str]) -> None:
    _become(locate.caddy(), arguments)


def _valkey(folder: DataFolder, arguments: list[str]) -> None:
    _become(locate.valkey(), arguments)


def _postgres(folder: DataFolder, arguments: list[str]) -> None:
    """Its data folder is made first, if there is none, or brought to where an upgrade has left it."""
    folder.make()
    majors.recover(folder)
    postgres.ensure(folder, os.environ.pop(PASSWORD))
    _become(locate.postgres(folder) / "postgres", arguments)


def _storage(folder: DataFolder, arguments: list[str]) -> None:
    binary = find(Path(os.environ.pop("DARKROOM_CACHE", "/nowhere")))
    if binary is None:
        sys.exit("the storage server is not installed\n  → ./ops/host install, or its path in DARKROOM_MINIO")
    os.environ.pop("DARKROOM_MINIO", None)
    folder.write(STARTED, {"alike": os.environ.pop("DARKROOM_ALIKE", ""), "server": str(binary)})
    identity.become(binary, [str(binary), *arguments], folder.storage)


def _become(program: Path, arguments: list[str]) -> NoReturn:
    os.execv(program, [str(program), *arguments])


BECOMING: dict[str, Callable[[DataFolder, list[str]], None]] = {
    "caddy": _caddy,
    "valkey": _valkey,
    "postgres": _postgres,
    "storage": _storage,
}

if __name__ == "__main__":
    main(sys.argv[1:] or [""])
