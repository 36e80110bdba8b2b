"""What a host was given, as `render` wrote it down: for installing, for checking, and for taking it away again."""

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.clusters import places
from ops.clusters.render import FILES


class NotRendered(ValueError):
    """A folder does not hold what `./ops/cluster render` writes for a host. Says what is missing."""


@dataclass(frozen=True)
class Entry:
    path: Path
    mode: int
    owner: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    host: str
    address: str
    parts: tuple[str, ...]
    drives: dict[str, str]
    """By mount point: UUID of the file system, or serial of the drive."""
    server: dict[str, Any] | None
    alike: str | None
    files: tuple[Entry, ...]

    @property
    def units(self) -> list[str]:
        """The names of all its units, those of mounts as well."""
        return sorted(entry.path.name for entry in self.files if entry.path.parent == places.UNITS)


def of_folder(folder: Path) -> Manifest:
    """The manifest of a host's rendered folder, each file of which is compared. Raises NotRendered."""
    top = folder / FILES
    found = read(top / places.MANIFEST.relative_to("/"))
    for entry in found.files:
        path = top / entry.path.relative_to("/")
        if not path.exists() or sha256(path) != entry.sha256:
            raise NotRendered(f"{path} is missing or was changed: render again")
    return found


def read(path: Path) -> Manifest:
    """Raises NotRendered."""
    try:
        told = json.loads(path.read_text())
        entries = tuple(Entry(Path(one["path"]), one["mode"], one["owner"], one["sha256"]) for one in told.pop("files"))
        return Manifest(**{**told, "parts": tuple(told["parts"])}, files=entries)
    except OSError as error:
        raise NotRendered(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotRendered(f"{path} is no manifest of this release") from error


def differs(root: Path, entry: Entry, uids: dict[str, int]) -> str:
    """How the file of `entry` under `root` is not what it should be; empty if it is."""
    path = root / entry.path.relative_to("/")
    try:
        facts = path.lstat()
    except OSError:
        return f"{entry.path} is missing"
    if not stat.S_ISREG(facts.st_mode) or sha256(path) != entry.sha256:
        return f"{entry.path} was changed"
    if stat.S_IMODE(facts.st_mode) != entry.mode:
        return f"{entry.path} has mode {stat.S_IMODE(facts.st_mode):04o}, not {entry.mode:04o}"
    if facts.st_uid != uids[entry.owner]:
        return f"{entry.path} does not belong to {entry.owner}"
    return ""


def put(root: Path, folder: Path, entry: Entry, uids: dict[str, int]) -> None:
    """Replaces the file of `entry` under `root` by the rendered one, in one step."""
    target = root / entry.path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write((folder / FILES / entry.path.relative_to("/")).read_bytes())
        os.fchown(file.fileno(), uids[entry.owner], uids[f"{entry.owner} group"])
        os.fchmod(file.fileno(), entry.mode)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
