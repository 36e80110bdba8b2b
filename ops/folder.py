"""The data folder: everything one appliance keeps, who is using it, and the small JSON files that describe it."""

import fcntl
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

DRIVES = 4
OF_A_HOST = "host.json"
"""There where the appliance has several hosts and this one is where its verbs are typed."""
RESTORING = "restoring.json"
"""There from the beginning of a restore to its end: what would be started before has only half of what it knows of."""


class DataFolder:
    """Paths and lock of one data folder. Making the object touches nothing on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self.drives = [path / "drives" / str(number) for number in range(1, DRIVES + 1)]
        self.storage = path / "storage"
        self.postgres = path / "postgres"
        self.engines = path / "engines"
        self.valkey = path / "valkey"
        self.edge = path / "edge"
        self.edge_s3 = self.edge / "s3"
        self.scratch = path / "scratch"
        self._lock: int | None = None

    def make(self) -> None:
        """Makes what is missing, readable by the owner alone."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            self.path.chmod(0o700)
        for folder in (self.logs, self.storage, self.engines, self.valkey, self.edge, *self.drives):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take(self) -> bool:
        """Takes the lock for the life of this process; False if another process has it. Children don't inherit it."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _locked(handle):
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle
        return True

    def holder(self) -> int | None:
        """The process id of the supervisor that has this folder now; None if nobody does."""
        try:
            handle = os.open(self.path / "lock", os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(handle, 32, 0) or b"0")
        else:
            return None
        finally:
            os.close(handle)

    def hosted(self) -> bool:
        """Whether what is here is run by the units of a host of several, not by a supervisor."""
        return (self.path / OF_A_HOST).exists()

    def read(self, name: str) -> dict[str, Any]:
        """The JSON object in the file `name`; empty if there is none."""
        try:
            found = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replaces the file `name` in one step, mode 0600: a reader sees the old or the new one, never half of it."""
        draft = self.path / f"{name}.{os.getpid()}.new"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path / name)


def _locked(handle: int) -> bool:
    # Whoever asks for the holder has the lock for a moment, too: that is no reason to give up.
    for _ in range(10):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False
