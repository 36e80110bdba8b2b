"""The embedded Postgres is moved to a newer major version by pg_upgrade, into a copy; the old folder is kept.

At any moment the process may be killed. Until the copy is complete it counts for nothing, and the old folder is what it
was; then MOVED is written, and from there on both renames are done by whoever comes next (`finish`): this or a start.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from ops import locate, postgres, process
from ops.folder import DataFolder
from ops.variables import cores

MOVED = "upgraded.json"
MARGIN = 1 << 30  # of free space: the new one's own tables and its write-ahead log
PORT = "50432"  # it names the sockets; nothing listens on the network
PATIENCE = 60.0


class NotMoved(Exception):
    """The database is what it was. Says why, and what to do next."""


@dataclass(frozen=True)
class Move:
    """What there is to do: `size` bytes of data of major version `old` go to `new`, of `free` bytes; see `kept`."""

    old: str
    new: str
    size: int
    free: int
    kept: Path
    """Where the old folder is afterwards."""

    @property
    def needed(self) -> int:
        return self.size + MARGIN


def planned(folder: DataFolder) -> Move | None:
    """None where the data are of the installed major version. Raises NotMoved where they can't be moved to it."""
    old, new = locate.made_by(folder.postgres), locate.major(locate.installed_postgres())
    if old is None:
        raise NotMoved(f"there is no database in {folder.path}\n  → Name the appliance's data folder: --data DIR")
    if old == new:
        return None
    if int(old) > int(new):
        raise NotMoved(f"the data are of Postgres {old}, which is newer than the installed one ({new})")
    try:
        locate.kept_postgres(folder, old)
    except locate.NotFound as error:
        raise NotMoved(f"pg_upgrade needs Postgres {old} as well: {error}") from error
    move = Move(old, new, size_of(folder.postgres), shutil.disk_usage(folder.path).free, _kept(folder, old))
    if move.kept.exists():
        raise NotMoved(f"{move.kept} is there already, from an earlier upgrade\n  → Move it elsewhere, or remove it.")
    return move


def told(folder: DataFolder) -> str:
    """What an operator should know at a start: "" where the data are of the installed major version."""
    old, new = locate.made_by(folder.postgres), locate.major(locate.installed_postgres())
    if old == new:
        return ""
    return f"The database goes on with the Postgres {old} that made it; ./ops/upgrade moves it to Postgres {new}."


def _kept(folder: DataFolder, old: str) -> Path:
    return folder.path / f"postgres-{old}"


def size_of(folder: Path) -> int:
    """Bytes of all files below `folder`, some of which may vanish meanwhile."""
    total = 0
    for top, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                total += os.lstat(os.path.join(top, name)).st_size
    return total


def move(folder: DataFolder, move: Move, password: str, grown: Callable[[int], None]) -> None:
    """Does it. The caller holds the folder's lock; `grown` is told how many bytes the copy has. Raises NotMoved."""
    recover(folder)
    draft = postgres.draft(folder)
    shutil.rmtree(draft, ignore_errors=True)
    try:
        locate.keep_postgres(folder)
        new = locate.kept_postgres(folder, move.new)
        postgres.initdb(new, draft, password)
        # What was killed has to be recovered by its own version.
        postgres.once(locate.kept_postgres(folder, move.old), folder.postgres, "")
        _upgrade(folder, move, draft, password, grown)
        # Opened by the new version, as a start will open it.
        postgres.once(new, draft, "", postgres.DATABASE)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", None) or "").strip()
        raise NotMoved(f"{error}\n{said}".strip()) from error
    folder.write(MOVED, {"from": move.old, "to": move.new})
    finish(folder)


def _upgrade(folder: DataFolder, move: Move, draft: Path, password: str, grown: Callable[[int], None]) -> None:
    old, new = (str(locate.kept_postgres(folder, major)) for major in (move.old, move.new))
    # A socket's path may be no longer than 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dk-") as work, tempfile.TemporaryFile("w+") as said:
        options = ["--old-bindir", old, "--new-bindir", new, "--old-port", PORT, "--new-port", PORT]
        options += ["--old-datadir", str(folder.postgres), "--new-datadir", str(draft), "--socketdir", work]
        running = subprocess.Popen(
            [f"{new}/pg_upgrade", "--username", postgres.USER, "--jobs", str(cores()), *options],
            cwd=work,
            env=postgres.environment() | {"PGPASSWORD": password},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=process.bound(os.getpid(), signal.SIGKILL),
        )
        try:
            while running.poll() is None:
                grown(size_of(draft))
                time.sleep(0.3)
        finally:
            if running.poll() is None:
                running.kill()
                running.wait()
                end_orphans(folder)
        if running.returncode:
            said.seek(0)
            last = "".join(deque(said, maxlen=15)).strip()
            raise NotMoved(f"pg_upgrade ended with {running.returncode}; its last words:\n{last}")


def finish(folder: DataFolder) -> None:
    """Puts a complete copy into its place, if there is one; may be called, and killed, any number of times."""
    moved, draft = folder.read(MOVED), postgres.draft(folder)
    if not moved:
        return
    if locate.made_by(folder.postgres) == moved["from"]:
        folder.postgres.rename(_kept(folder, moved["from"]))
    if not folder.postgres.exists():
        draft.rename(folder.postgres)
    handle = os.open(folder.path, os.O_RDONLY)
    try:
        os.fsync(handle)  # the renames are on the disk before what tells of them is gone
    finally:
        os.close(handle)
    (folder.path / MOVED).unlink()


def recover(folder: DataFolder) -> None:
    """For a start: what an upgrade that was killed has left is ended, and done where only the renames lack."""
    if postgres.draft(folder).exists() or folder.read(MOVED):
        end_orphans(folder)
        finish(folder)


def end_orphans(folder: DataFolder) -> None:
    """Ends what an upgrade that was killed has left running, for the holder of the lock. Raises NotMoved."""
    limit = time.monotonic() + PATIENCE
    while left := list(_orphans(folder)):
        if time.monotonic() > limit:
            raise NotMoved(f"processes of an earlier upgrade do not end: {', '.join(str(one.pid) for one in left)}")
        for one in left:
            with suppress(psutil.NoSuchProcess):
                # Immediate shutdown for a server, whose children go with it.
                one.send_signal(signal.SIGQUIT if one.name() == "postgres" else signal.SIGKILL)
        time.sleep(0.2)


def _orphans(folder: DataFolder) -> Iterator[psutil.Process]:
    """What an upgrade runs from the kept binaries; not a server at its ordinary work."""
    for one in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            kept = one.status() != psutil.STATUS_ZOMBIE and Path(one.exe()).is_relative_to(folder.engines)
            if kept and (one.name() != "postgres" or _of_an_upgrade(one)):
                yield one


def _of_an_upgrade(server: psutil.Process) -> bool:
    words = server.cmdline()
    if words and words[0].startswith("postgres:"):  # a child of a server, which goes with it
        parent = server.parent()
        return parent is None or parent.name() != "postgres"
    # -b: the mode for pg_upgrade alone; the others are those of initdb and `postgres.once`.
    return not {"-b", "--boot", "--single", "--check"}.isdisjoint(words)
