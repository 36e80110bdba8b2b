"""What was sent already: a line a file and state, so that a broken run is taken up where it was."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif"})


class Entry(NamedTuple):
    """The last that is known of a file. `state`: linked, sent, done or error; `reason` says why for an error.

    `epoch` is that of the appliance's events when it was written: another one means another or a restored ledger.
    """

    path: str
    size: int
    mtime_ns: int
    image_id: str
    state: str
    reason: str = ""
    epoch: str = ""


class Journal:
    """Append-only; the last line of a path counts. A file that changed since is a new one."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.epoch = ""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._entries = dict(self._read())
        self._out = file.open("a", encoding="utf-8")

    def _read(self) -> Iterator[tuple[str, Entry]]:
        if not self.file.exists():
            return
        for line in self.file.read_text(encoding="utf-8").splitlines():
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                continue  # the last line of a run that was killed while it wrote
            yield entry.path, entry

    def known(self, folder: Path, file: Path) -> Entry | None:
        """What is known of this very content of the file, by its size and time."""
        entry = self._entries.get(file.relative_to(folder).as_posix())
        facts = file.stat()
        return entry if entry and (entry.size, entry.mtime_ns) == (facts.st_size, facts.st_mtime_ns) else None

    def note(self, folder: Path, file: Path, image_id: str, state: str, reason: str = "") -> None:
        """Records a new state; a crash after this call does not lose it."""
        facts = file.stat()
        path = file.relative_to(folder).as_posix()
        entry = Entry(path, facts.st_size, facts.st_mtime_ns, image_id, state, reason, self.epoch)
        self._entries[path] = entry
        self._out.write(json.dumps(entry._asdict()) + "\n")
        self._out.flush()


def place(url: str, project: str, folder: Path) -> Path:
    """Where the journal of this folder, sent to this project, is kept: beside the user's other state."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    name = hashlib.sha256(os.fsencode(f"{url}\n{project}\n{folder.resolve()}")).hexdigest()[:16]
    return base / "darkroom" / "uploads" / f"{name}.jsonl"


def photos(folder: Path) -> tuple[list[Path], int]:
    """The photos in a folder and all below it, by their endings, in order; and how many other files there are."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    chosen = [path for path in files if path.suffix.lower() in PHOTOS]
    return chosen, len(files) - len(chosen)
