"""One run: what is left to send is sent, what was sent is waited for."""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ops.uploading import large
from ops.uploading.client import Away, Client, Link, Refused
from ops.uploading.journal import Entry, Journal

ENDED = ("done", "error")
AGAIN = {"upload_expired"}  # errors that sending once more can mend
DELETED = {"code": "deleted", "message": "It was deleted before it was developed."}


class Outcome(NamedTuple):
    """How many are done, and which failed and why."""

    done: int
    failed: list[tuple[str, str]]


class Progress(NamedTuple):
    """Whom to tell: of bytes sent, and of files that came to their end."""

    sent: Callable[[int], None]
    ended: Callable[[bool], None]


class Run:
    """Sends `files` of `folder`, at most `at_once` at a time."""

    def __init__(self, client: Client, journal: Journal, folder: Path, at_once: int, progress: Progress) -> None:
        self._client = client
        self._journal = journal
        self._folder = folder
        self._at_once = at_once
        self._progress = progress
        self._waiting: dict[str, Path] = {}  # image id → file
        self._under_way: set[str] = set()  # ids of the images whose form is being sent
        self._failed: list[tuple[str, str]] = []
        self._done = 0
        self._settled = asyncio.Event()
        self._sending = 0

    async def all(self, files: Sequence[Path]) -> Outcome:
        """Sends and waits. Raises Refused or Away only where nothing can go on."""
        cursor = await self._client.cursor()
        self._journal.epoch = cursor.partition(":")[0]
        self._sending = len(files)
        watching = asyncio.create_task(self._watch(cursor))
        try:
            left = iter(files)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self._at_once):
                    tasks.create_task(self._each(left))
            self._settle()
            waiting = asyncio.create_task(self._settled.wait())
            await asyncio.wait({waiting, watching}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            watching.cancel()
        return Outcome(self._done, sorted(self._failed))

    async def _each(self, left: Iterator[Path]) -> None:
        for file in left:
            try:
                known = self._journal.known(self._folder, file)
                if known is None or not await self._taken_up(file, known):
                    await self._send(file)
            except (Refused, Away, OSError) as error:
                self._count(file, "error", str(error))
            finally:
                self._sending -= 1

    async def _taken_up(self, file: Path, known: Entry) -> bool:
        """Whether an earlier run got so far with this file that it need not be sent."""
        if known.state in ENDED and known.epoch == self._journal.epoch:
            self._count(file, known.state, known.reason)
            return True
        # Before the question: its end may be heard before the answer is here.
        self._waiting[known.image_id] = file
        try:
            image = await self._client.image(known.image_id)
        except (Refused, Away):
            self._waiting.pop(known.image_id, None)
            raise
        if known.image_id not in self._waiting:
            return True
        if image is None or image["state"] == "init" or (image["error"] or {}).get("code") in AGAIN:
            del self._waiting[known.image_id]
            if image is None or image["state"] != "init" or not await large.begun(self._client, known):
                return False
            await self._sent(file, Link(known.image_id, "", {}, in_parts=True))
            return True
        self._heard(known.image_id, image["state"], image["error"])
        return True

    async def _send(self, file: Path) -> None:
        await self._sent(file, await self._link(file))

    async def _link(self, file: Path) -> Link:
        size = (await asyncio.to_thread(file.stat)).st_size
        if size < large.LARGE:
            return await self._client.link(file.name)
        return await self._client.offer(file.name, size, await large.checksum(file))

    async def _sent(self, file: Path, link: Link) -> None:
        self._journal.note(self._folder, file, link.image_id, "linked")
        self._waiting[link.image_id] = file
        self._under_way.add(link.image_id)
        try:
            if link.in_parts:
                await large.send(self._client, link.image_id, file, self._progress.sent)
            elif not link.there:
                await self._client.send(link, file, self._progress.sent)
        except (Refused, Away):
            self._waiting.pop(link.image_id, None)
            raise
        finally:
            self._under_way.discard(link.image_id)
        if link.image_id in self._waiting:
            self._journal.note(self._folder, file, link.image_id, "sent")

    async def _watch(self, cursor: str) -> None:
        async for event in self._client.events(cursor):
            if event["type"] == "reset":
                await self._look()
            elif event["type"] == "state":
                self._heard(event["image_id"], event["state"], event.get("error"))
            elif event["type"] == "deleted":
                self._heard(event["image_id"], "error", DELETED)

    async def _look(self) -> None:
        """Reads every state anew, since events were missed."""
        for image_id in list(self._waiting):
            image = await self._client.image(image_id)
            self._heard(image_id, *((image["state"], image["error"]) if image else ("error", DELETED)))

    def _heard(self, image_id: str, state: str, error: dict[str, str] | None) -> None:
        file, again = self._waiting.get(image_id), (error or {}).get("code") in AGAIN
        if file is None or state not in ENDED or (again and image_id in self._under_way):
            return  # on a slow line a form runs out while it is sent; what then comes in whole is taken all the same
        reason = (error or {}).get("message", "")
        del self._waiting[image_id]
        self._journal.note(self._folder, file, image_id, "linked" if again else state, reason)
        self._count(file, state, reason)

    def _count(self, file: Path, state: str, reason: str) -> None:
        if state == "done":
            self._done += 1
        else:
            self._failed.append((os.fsencode(file.relative_to(self._folder)).decode("utf-8", "replace"), reason))
        self._progress.ended(state == "done")
        self._settle()

    def _settle(self) -> None:
        if not self._waiting and self._sending <= 0:
            self._settled.set()
