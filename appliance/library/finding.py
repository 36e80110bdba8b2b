"""Finding the files of a folder and of all below: one entry after the other, whatever the tree is like.

Memory goes with the depth, not with the number of files; where links are followed also with the number of folders,
since one that is entered twice might be one that is entered for ever.
"""

import os
import stat
from collections.abc import Generator, Iterator
from itertools import islice
from typing import NamedTuple

from appliance.library.originals.places import HIDDEN
from appliance.library.outcomes import Found, PassedOver, Skip, Unreadable, Why
from appliance.library.workflow import Source

# Each folder on the way down holds a descriptor open; nobody's videos lie so deep.
MOST_DEEP = 200
AT_ONCE = 200
Entry = Found | PassedOver | Unreadable


def find(source: Source) -> Generator[Entry, None, None]:
    """What is there, as it comes. Names that are not UTF-8 are as `os.fsdecode` makes them.

    Raises OSError at once where the folder itself can't be read; all that comes below it is told.
    """
    return _Walk(source).entries()


def several(entries: Iterator[Entry]) -> list[Entry]:
    """The next ones, in one go: to go to a thread and back for each costs more than to find it. None at the end."""
    return list(islice(entries, AT_ONCE))


class _Open(NamedTuple):
    path: str
    entries: "os._ScandirIterator[str]"


class _Walk:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._extensions = frozenset(extension.lower() for extension in source.extensions)
        facts = os.stat(source.folder)
        self._device = facts.st_dev
        self._entered = {(facts.st_dev, facts.st_ino)}
        self._open = [_Open(source.folder, os.scandir(source.folder))]

    def entries(self) -> Generator[Entry, None, None]:
        try:
            while self._open:
                told = self._next()
                if told is not None:
                    yield told
        finally:
            while self._open:
                self._leave()

    def _next(self) -> Entry | None:
        """One step: the next entry of the folder that was entered last, or out of it again."""
        folder = self._open[-1]
        try:
            entry = next(folder.entries, None)
        except OSError as error:  # what else it holds can't be known
            self._leave()
            return unreadable(folder.path, error)
        if entry is None:
            self._leave()
            return None
        return self._look(entry)

    def _leave(self) -> None:
        self._open.pop().entries.close()

    def _look(self, entry: "os.DirEntry[str]") -> Entry | None:
        """What is to be said of it, if anything; a folder is entered."""
        try:
            if entry.is_symlink():
                return self._of_link(entry)
            return self._enter(entry) if entry.is_dir() else self._of_file(entry)
        except OSError as error:
            return unreadable(entry.path, error)

    def _of_link(self, entry: "os.DirEntry[str]") -> Entry | None:
        """Files behind links are found where they lie, if they lie in the folder at all."""
        if _leads_to_folder(entry):
            return self._enter(entry) if self._source.follow_links else _passed(entry, Why.LINK, "a link to a folder")
        return _passed(entry, Why.LINK, "a link, not a file") if self._wanted(entry.name) else None

    def _enter(self, entry: "os.DirEntry[str]") -> Entry | None:
        if _ours(entry):
            return None
        facts = entry.stat()
        if facts.st_dev != self._device and not self._source.other_file_systems:
            return _passed(entry, Why.OTHER_FILE_SYSTEM, "another file system is mounted there")
        if len(self._open) >= MOST_DEEP:
            return Unreadable(entry.path, f"it lies over {MOST_DEEP} folders deep")
        if self._source.follow_links:
            own = (facts.st_dev, facts.st_ino)
            if own in self._entered:
                return _passed(entry, Why.LOOP, "the folder has been entered by another way")
            self._entered.add(own)
        self._open.append(_Open(entry.path, os.scandir(entry.path)))
        return None

    def _of_file(self, entry: "os.DirEntry[str]") -> Entry | None:
        if not self._wanted(entry.name):
            return None
        facts = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(facts.st_mode):
            return _passed(entry, Why.SPECIAL, "it is no regular file")
        return Found(entry.path, facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)

    def _wanted(self, name: str) -> bool:
        before, _, extension = name.rpartition(".")
        return bool(before) and extension.lower() in self._extensions


def unreadable(path: str, error: OSError) -> Unreadable:
    """What the system said of it."""
    vanished = isinstance(error, FileNotFoundError)
    return Unreadable(path, "it has vanished" if vanished else error.strerror or type(error).__name__)


def _leads_to_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead to each other, or through a closed folder
        return False


def _ours(entry: "os.DirEntry[str]") -> bool:
    """Whether it holds what is being made, and originals that were replaced: by its name, or by a link's end."""
    return HIDDEN in (os.path.realpath(entry.path).split("/") if entry.is_symlink() else (entry.name,))


def _passed(entry: "os.DirEntry[str]", why: Why, reason: str) -> PassedOver:
    return PassedOver(entry.path, Skip(why, reason))
