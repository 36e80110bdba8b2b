"""The sandbox as its user sees it: `develop` a file somewhere it can do no harm."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from processors.limits import MAX_PAGES
from processors.processor import Processor
from processors.recipes import PHOTO, Recipe
from processors.refusals import Code, Refused, too_much_memory
from processors.results import Developed
from processors.sandbox import memfd, messages
from processors.sandbox.errors import SandboxDied, SandboxError
from processors.sandbox.inbox import INBOX_BYTES
from processors.sandbox.layers import OWN_UID, STAYS_ROOT, Protection
from processors.sandbox.outbox import Outbox
from processors.sandbox.probe import probe
from processors.sandbox.reply import checked, sniffed
from processors.sandbox.spawn import Child, TooMuchMemory

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
START_SECONDS = 60.0
SNIFF_SECONDS = 5.0
# Sources that had memory of their own, which a child that was taken over could keep: together, before it is replaced.
LENT_BYTES = 1 << 30


class Sandbox:
    """One child process, doing one file at a time; callers beyond that wait. Use from one event loop.

    The child is replaced after `max_files`, and after every one that it could not develop: a bad file is seldom alone,
    so from the first time on another child stands by. max_bytes: resident memory at which it is killed. labels: put at
    the end of the child's command line, so that `ps` says whose it is. role: "sniffer" for one that can only `sniff`.
    weak: work also where the filter is all there is. protection: the layers to use, already probed; all that hold here.
    """

    def __init__(
        self,
        labels: Sequence[str] = (),
        max_files: int = 2_000,
        max_bytes: int = 3 << 30,
        weak: bool = False,
        protection: Protection | None = None,
        role: str = "child",
    ) -> None:
        self._role = role
        self._labels = tuple(labels)
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._weak = weak
        self.protection = replace(protection, weak=protection.weak or weak) if protection else None
        self._child: Child | None = None
        self._spare: Child | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """The process id of the child, once it is ready; another one after it was replaced."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the child and wait until it is ready.

        Raises SandboxDied, or SandboxWeak where there are too few layers.
        """
        async with self._turn:
            await self._running()

    async def close(self) -> None:
        """End the child, after the file it is doing."""
        async with self._turn:
            self._end()

    async def develop(
        self,
        source: bytes | bytearray | memoryview,
        timeout: float = 10.0,  # noqa: ASYNC109  it ends the child, which a cancelled task alone would not
        recipe: Recipe = PHOTO,
        processor: Processor | None = Processor.IMAGE,
        page: int | None = None,
    ) -> Developed:
        """Develop the file in `source` by `recipe`, in at most `timeout` seconds once its turn has come.

        processor: who reads it, by default as a picture; None: whom its content asks for. page: of a document the only
        one to be read, counted from 1; None: the picture of the first and the text of all.
        Raises Refused for what the file is guilty of; SandboxTimeout or SandboxDied for the rest: then the child has
        been replaced already. So it has when the caller is cancelled. OtherReader where nobody is named and the file
        is one that a child does not read, as a video.
        """
        if page is not None and not 1 <= page <= MAX_PAGES:
            raise Refused(Code.NO_SUCH_PAGE, "There is no such page.", untouched=True)
        job = messages.Job(recipe, len(source), processor, page)
        if len(source) <= INBOX_BYTES:
            async with self._turn:
                return await self._develop(source, None, timeout, job)
        job.length = None
        descriptor = await asyncio.to_thread(memfd.sealed, [source])  # a large copy must not hold up the loop
        try:
            async with self._turn:
                return await self._develop(b"", descriptor, timeout, job)
        finally:
            os.close(descriptor)

    async def sniff(self, head: bytes) -> str:
        """The content type of a file by its beginning, of SNIFFED_BYTES at least. Raises as `develop` does."""
        job = messages.Job(PHOTO, len(head), sniff=True)
        async with self._turn:
            return await self._done(head, None, SNIFF_SECONDS, job, lambda reply, _: sniffed(reply))

    async def _develop(
        self, source: bytes | bytearray | memoryview, descriptor: int | None, seconds: float, job: messages.Job
    ) -> Developed:
        return await self._done(source, descriptor, seconds, job, lambda reply, outbox: checked(reply, outbox, job))

    async def _done(
        self,
        source: bytes | bytearray | memoryview,
        descriptor: int | None,
        seconds: float,
        job: messages.Job,
        read: Callable[[messages.Reply, Outbox], Answer],
    ) -> Answer:
        """Do `job` on `source`, or the memory file behind `descriptor`. The turn has to be the caller's."""
        child = await self._running()
        try:
            if (gone := _given(child, source, descriptor, job)) is not None:
                # It died while it waited, in which this job had no part.
                self._replace(repr(gone))
                child = await self._running()
                gone = _given(child, source, descriptor, job)
            if gone is not None:
                raise SandboxDied(f"the child is gone: {gone}") from gone
            reply = await child.receive(seconds)
        except BaseException as error:
            self._replace(repr(error))
            if isinstance(error, TooMuchMemory):
                raise too_much_memory() from None
            raise
        child.served += 1
        try:
            return read(reply, child.outbox)
        except (SandboxDied, Refused) as error:
            if not (isinstance(error, Refused) and error.untouched):
                self._replace(str(error))
            raise
        finally:
            if child is self._child and (child.served >= self._max_files or child.lent >= LENT_BYTES):
                self._replace("it has served its time")

    async def _running(self) -> Child:
        """The child, ready to work: started if there is none."""
        if self.protection is None:
            self.protection = replace(await probe(), weak=self._weak)
        self.protection.require()
        while self._child is not None and self._child.process.poll() is not None:
            self._retire()
        if self._child is None:
            self._child = self._spawned()
        if not self._child.ready:
            try:
                await self._child.get_ready(START_SECONDS)
            except (SandboxError, TooMuchMemory, asyncio.CancelledError):
                self._end()
                raise
            if self._child.stays_root:
                self.protection = replace(self.protection, missing={**self.protection.missing, OWN_UID: STAYS_ROOT})
        return self._child

    def _replace(self, why: str) -> None:
        """End the child, have the next take its place, and start the one after that; the caller waits for neither."""
        logger.info("sandbox: child %s replaced: %s", self.pid, why)
        self._retire()
        with contextlib.suppress(SandboxDied):  # then the next caller tries, and is told
            if self._child is None:
                self._child = self._spawned()
            self._spare = self._spawned()

    def _retire(self) -> None:
        """End the child; who stood by, if anybody did, takes its place."""
        if self._child is not None:
            self._child.end()
        self._child, self._spare = self._spare, None

    def _spawned(self) -> Child:
        assert self.protection is not None
        try:
            return Child(self._role, self._labels, self.protection.layers, self._max_bytes)
        except OSError as error:
            raise SandboxDied(f"the child could not be started: {error}") from error

    def _end(self) -> None:
        while self._child is not None:
            self._retire()


def _given(
    child: Child, source: bytes | bytearray | memoryview, descriptor: int | None, job: messages.Job
) -> OSError | None:
    """Gives a child its job; or why it can't be given any."""
    child.inbox.put(source)
    try:
        messages.send(child.channel, job, descriptor)
        child.lent += 0 if descriptor is None else os.fstat(descriptor).st_size
    except OSError as error:
        return error
    return None
