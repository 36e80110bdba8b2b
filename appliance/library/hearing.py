"""Whether something new was heard of a library that has settled by now, so that it is worth to be looked through."""

import asyncio
import os
import time
from collections.abc import Iterable

from appliance.library.catalogue import Catalogue, Library
from appliance.library.deciding import unopened
from appliance.library.outcomes import Found
from appliance.library.watching import Watch
from appliance.library.workflow import Workflow

PAUSE_SECONDS = 60.0


class Hearing:
    """Of the libraries that this worker has mounted. pause: seconds from one look that came of it to the next."""

    def __init__(self, catalogue: Catalogue, pause: float = PAUSE_SECONDS) -> None:
        self._catalogue, self._pause = catalogue, pause
        self._watches: dict[int, Watch] = {}
        self._quiet: dict[int, float] = {}

    def of(self, libraries: Iterable[Library]) -> None:
        """These are listened for from now on, and no others; of those in buckets nobody tells."""
        wanted = {one.id: one.workflow.source for one in libraries if one.workflow.source.folder}
        for number, watch in list(self._watches.items()):
            if wanted.get(number) != watch.source:
                self._watches.pop(number).close()
        for number, source in wanted.items():
            if number not in self._watches:
                self._watches[number] = Watch(source)

    async def news(self, library: Library) -> bool:
        """Whether it is to be looked through for what was heard; then it is forgotten. Raises Unavailable.

        What the ledger knows as it is now, as the files that we have replaced, is no news.
        """
        watch = self._watches.get(library.id)
        if watch is None or library.paused or time.monotonic() < self._quiet.get(library.id, 0.0):
            return False
        paths = watch.ripe()
        if not paths:
            return False
        try:
            new = await self._any_new(library, paths)
        except BaseException:
            for path in paths:
                watch.hear(path)
            raise
        if new:
            self._quiet[library.id] = time.monotonic() + self._pause
        return new

    def close(self) -> None:
        """Nothing is heard any more."""
        self.of(())

    async def _any_new(self, library: Library, paths: list[str]) -> bool:
        files = await asyncio.to_thread(_files, paths, library.workflow)
        return files is None or (bool(files) and await self._catalogue.unknown(library, files))


def _files(paths: list[str], workflow: Workflow) -> list[tuple[bytes, Found]] | None:
    """Those that would be opened, by their paths below the source's folder; None where a folder is among them."""
    source, files = workflow.source, []
    root, now = os.fsencode(source.folder), time.time()
    for path in paths:
        if os.path.isdir(path):
            return None
        try:
            facts = os.lstat(path)
        except OSError:
            continue
        found = Found(path, facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)
        if source.finder is not None or unopened(found, source, workflow.rules, now) is None:
            files.append((os.path.relpath(os.fsencode(path), root), found))
    return files
