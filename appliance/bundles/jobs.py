"""Building a bundle that is kept: written twice, first for its length and SHA-256, then into storage; never on disk."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from appliance.bundles.archive import archive
from appliance.bundles.members import members
from appliance.files import service
from appliance.live.progress import Progress, Teller
from appliance.renders.orders import Claim, Made
from storage import layout
from storage.inspection import Inspector

NAME = "bundle"
"""The name of the order, and of the version that it makes."""
ZIP, EXTENSION = "application/zip", "zip"


class Left(Exception):
    """Nobody waits for the thread that builds any more."""


class Builder:
    """Builds bundles, one at a time, so that files are never all behind them."""

    def __init__(self, objects: Inspector, teller: Teller) -> None:
        self._objects, self._teller = objects, teller
        self._busy = False

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """For the block in which one may be built: whether it is this one's turn."""
        if self._busy:
            yield False
            return
        self._busy = True
        try:
            yield True
        finally:
            self._busy = False

    async def build(self, claim: Claim) -> Made:
        """The bundle of a file, stored. Raises as Objects do, and NotFound where the file is deleted."""
        found, left, loop = await service.file(claim.asset), threading.Event(), asyncio.get_running_loop()

        def tell(percent: int) -> None:
            told = (claim.stream, claim.asset, Progress(NAME, float(percent)))
            loop.call_soon_threadsafe(self._teller.tell, *told)

        try:
            return await asyncio.to_thread(_Building(self._objects, found, left, tell).built)
        finally:
            left.set()  # of who is cancelled the thread goes on, and may still be sending


@dataclass(frozen=True)
class _Building:
    """One bundle under way, in a thread. `left`: nobody waits for it any more. `tell`: takes a new percentage."""

    objects: Inspector
    found: service.File
    left: threading.Event
    tell: Callable[[int], None]

    def built(self) -> Made:
        digest, size = hashlib.sha256(), 0
        for piece in self._pieces(0):
            digest.update(piece)
            size += len(piece)
        sha256 = digest.hexdigest()
        key = layout.version_key(*self.found.place, NAME, sha256, EXTENSION)
        self.objects.put_pieces(layout.VERSIONS, key, self._pieces(50), size, ZIP, sha256)
        measures = {"name": NAME, "width": 0, "height": 0, "bytes": size}
        return {**measures, "content_type": ZIP, "extension": EXTENSION, "sha256": sha256}

    def _pieces(self, percent: int) -> Generator[bytes, None, None]:
        """The zip; how far it is, is told from `percent` on, fifty further. Raises Left."""
        inside = list(members(self.objects, self.found))
        total, done, told = sum(member.size for member in inside) or 1, 0, -1
        for piece in archive(inside, self.found.created_at):
            if self.left.is_set():
                raise Left
            done += len(piece)
            if (now := percent + min(50, 50 * done // total)) > told:
                self.tell(told := now)
            yield piece
