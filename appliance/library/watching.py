"""Hearing of files that change in the folders of libraries, as inotify tells it (inotify(7)).

All is in a thread for each folder: what is heard is remembered by path until the file has been left alone for a while.
Each folder is watched by itself and not the tree as a whole: so no link is followed, nothing of ours is heard of, and a
folder that is closed to us does not keep the others from being watched.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from watchfiles import Change, watch

from appliance.library.originals import mounts
from appliance.library.originals.places import HIDDEN
from appliance.library.workflow import Source
from appliance.logs import log
from appliance.settings import casts

LITTLE_SECONDS = 2.0  # behind `settled`: events come late, and the clock of a file system is a coarse one
AGAIN_SECONDS = 60.0  # until a folder that can't be watched is tried once more
FOLDERS_SECONDS = 1.0  # until they are listed anew where one has come or gone: more may
MOST_HEARD = 10_000
MOST_FOLDERS = 100_000
GROUPED_MS, STEP_MS, TURN_MS = 2000, 500, 5000
REMOTE = ("nfs", "cifs", "smb", "fuse", "ceph", "9p")


class Watch:
    """Of the folder of one source. In `heard` a folder stands for whatever may have changed in it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._heard: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._told = ""
        self._extensions = frozenset(extension.lower() for extension in source.extensions)
        self._patience = casts.seconds(source.settled) + LITTLE_SECONDS
        self._thread = threading.Thread(target=self._run, name="library watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nothing is heard from then on; the thread ends within half a second."""
        self._closing.set()

    def ripe(self) -> list[str]:
        """What has changed and been left alone since for so long as the source says, once: files, and folders."""
        until = time.monotonic() - self._patience
        with self._lock:
            found = [path for path, at in self._heard.items() if at <= until]
            for path in found:
                del self._heard[path]
        return found

    def hear(self, path: str) -> None:
        """Of a change just now."""
        with self._lock:
            if len(self._heard) >= MOST_HEARD and path not in self._heard:
                self._heard.clear()
                path = self.source.folder
            self._heard[path] = time.monotonic()

    def _run(self) -> None:
        while not self._closing.is_set():
            pause = FOLDERS_SECONDS
            try:
                self._until_folders_change()
            except (OSError, RuntimeError) as error:  # the latter also where a name is no text
                pause = AGAIN_SECONDS
                if not isinstance(error, FileNotFoundError):  # who looks through it says that it is gone
                    self._say(_why(error))
            except Exception as error:
                log.error("a library is not heard of any more", folder=self.source.folder, exc_info=error)
                return
            self._closing.wait(pause)

    def _until_folders_change(self) -> None:
        """Raises OSError and RuntimeError where they can't be watched."""
        folders = dict.fromkeys(self._folders())
        new = True
        for changes in watch(
            *folders,
            watch_filter=self._wanted,
            debounce=GROUPED_MS,
            step=STEP_MS,
            stop_event=self._closing,
            rust_timeout=TURN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,  # it would look at every file again and again, which is what a schedule is for
            recursive=False,
            ignore_permission_denied=False,
        ):
            if new:  # all are watched by now: what has changed before, nobody was there to hear of
                self.hear(self.source.folder)
                new = False
            for change, path in changes:
                if change is not Change.deleted:
                    self.hear(path)
            if any(path in folders or os.path.isdir(path) for _, path in changes):
                return

    def _wanted(self, change: Change, path: str) -> bool:
        """Whether it is worth a look: a film, or a folder that has come or gone."""
        name = os.path.basename(path)
        if name == HIDDEN:
            return False
        if self.source.finder is not None:
            return True
        before, _, extension = name.rpartition(".")
        film = bool(before) and extension.lower() in self._extensions
        return film or change is Change.deleted or (change is Change.added and os.path.isdir(path))

    def _folders(self) -> Iterator[str]:
        """All that can be watched, the source's own first. Raises OSError where that is none."""
        top = self.source.folder
        if kind := _remote(top):
            self._say(f"it lies on {kind}, where nobody tells of what other hosts change")
        device = os.stat(top).st_dev
        for number, (folder, below, _) in enumerate(os.walk(top)):
            if number == MOST_FOLDERS:
                self._say(f"there are more than {MOST_FOLDERS:,} folders")
                return
            below[:] = [one for one in below if one != HIDDEN and self._entered(os.path.join(folder, one), device)]
            if _text(folder):
                yield folder
            else:
                self._say("there are folders whose names are no text")

    def _entered(self, folder: str, device: int) -> bool:
        with suppress(OSError):
            facts = os.lstat(folder)
            return (facts.st_dev == device or self.source.other_file_systems) and os.access(
                folder, os.R_OK | os.X_OK, effective_ids=True
            )
        return False

    def _say(self, why: str) -> None:
        """Once: its schedule goes on, and finds all that is there."""
        if why != self._told:
            self._told = why
            log.warning(
                "not all of a library is heard of: its schedule finds it", folder=self.source.folder, reason=why
            )


def _remote(folder: str) -> str:
    """The kind of its file system, if others may write there without this host being told. Raises OSError."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        kind = mounts.kind(descriptor)
    finally:
        os.close(descriptor)
    return kind if kind.startswith(REMOTE) else ""


def _why(error: OSError | RuntimeError) -> str:
    """As watchfiles has it, but for what an operator can change."""
    text = str(error)
    if "watch limit" in text:
        return "it has more folders than fs.inotify.max_user_watches lets be watched"
    if "Too many open files" in text:
        return "fs.inotify.max_user_instances lets no more be watched"
    return "the name of a file there is no text" if "Unable to decode" in text else text


def _text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
