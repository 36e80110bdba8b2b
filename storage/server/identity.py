"""How a node tells the others what it is: by the commit that its server was built from, not by the bytes of the file.

A node that starts asks half of the others for the MD5 of their binary, and does not come up while that is another one
than its own (minio, cmd/bootstrap-peer-server.go). So two builds of one commit, which differ in a raised library or in
the compiler and speak the same protocol, could never take each other's place node by node. The server reads the file at
the path that it was started from (os.Executable of Go, which takes the kernel's " (deleted)" off). There it finds the
commit: nodes of one commit are alike, those of another are not.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

from storage.server.locate import COMMIT

FILE = "commit"


def become(binary: Path, argv: list[str], folder: Path) -> NoReturn:
    """Replaces this process by the server `binary`, with this environment; `folder` holds what it is known by.

    `folder` is this node's own, writable, with room for a copy of the binary (110 MB) as long as the node runs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.unlink(missing_ok=True)
    shutil.copyfile(binary, path)
    path.chmod(0o700)
    handle = os.open(path, os.O_RDONLY)
    path.unlink()
    path.write_text(f"{told(binary)}\n")
    os.execve(handle, argv, os.environ)


def told(binary: Path) -> str:
    """The commit of a build of ours; of any other binary what distinguishes it: its size and time."""
    if binary.parent.name.startswith("storage-server-"):
        return COMMIT
    facts = binary.stat()
    return f"{binary.name} {facts.st_size} {facts.st_mtime_ns}"
