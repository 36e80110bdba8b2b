"""Starts the parts in the order of their health, restarts what dies, and stops them in reverse order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ops import health, process
from ops.folder import DataFolder
from ops.inventory import Part
from ops.logs import Log

POLL_STARTING, POLL_RUNNING = 0.1, 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
STEADY = 5.0
"""Seconds a part must have run for its next death to count as the first again."""
ATTEMPTS = 3
"""Deaths during the start of the appliance after which the start has failed."""


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"
    DOWN = "down"
    STOPPED = "stopped"


class StartFailed(Exception):
    """A part could not be started; the message names it and the reason."""

    def __init__(self, part: str, reason: str, last_lines: Sequence[str]) -> None:
        super().__init__(f"{part}: {reason}")
        self.part, self.reason, self.last_lines = part, reason, list(last_lines)


@dataclass
class Running:
    """What the supervisor knows of one part."""

    part: Part
    log: Log
    state: State = State.WAITING
    child: process.Child | None = None
    health: str = ""
    restarts: int = 0
    began: float = 0.0
    begin: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while its process is being made: whoever ends the part then has that process to end."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Runs `parts` until `run` is cancelled or told to stop. `changed` is called whenever there is news of a part."""

    def __init__(
        self, parts: Sequence[Part], folder: DataFolder, logs: Callable[[str], Log], changed: Callable[[], None]
    ):
        self.running = {part.name: Running(part, logs(part.name)) for part in parts}
        self._folder = folder
        self._changed = changed
        self._stopping = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._complete = False

    async def run(self, ready: Callable[[], None]) -> None:
        """Starts everything, calls `ready`, returns when all has ended after a signal. Raises StartFailed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(one)) for one in self.running.values()]
        try:
            if await self._first_of(self._all_ready(), self._stopping.wait()):
                self._complete = True
                ready()
                await self._stopping.wait()
        finally:
            self._stopping.set()
            await self._stop()
            for task in keepers:
                task.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            for one in self.running.values():
                one.log.close()

    async def _all_ready(self) -> bool:
        await asyncio.gather(*(one.ready.wait() for one in self.running.values()))
        return True

    async def _first_of(self, *waits: object) -> bool:
        tasks = [asyncio.ensure_future(wait) for wait in waits]  # type: ignore[call-overload]
        done, late = await asyncio.wait([*tasks, self._failed], return_when=asyncio.FIRST_COMPLETED)
        for task in late - {self._failed}:
            task.cancel()
        if self._failed in done:
            self._failed.result()
        return tasks[0] in done

    async def _keep(self, one: Running) -> None:
        """The life of one part: wait for what it needs, start it, watch it, and start over when it has died."""
        for name in one.part.after:
            await self.running[name].ready.wait()
        pause = SHORTEST_PAUSE
        while not self._stopping.is_set():
            one.began = time.time()
            reason = await self._live(one)
            if one.state is State.FINISHED or self._stopping.is_set():
                return
            self._set(one, State.DOWN, reason)
            one.restarts += 1
            one.log.write(f"darkroom: {reason}")
            if not self._complete and one.restarts >= ATTEMPTS and not self._failed.done():
                self._failed.set_exception(StartFailed(one.part.name, reason, one.log.last))
            pause = SHORTEST_PAUSE if time.time() - one.began > STEADY else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _live(self, one: Running) -> str:
        """From start to end of one process; returns why it ended."""
        part = one.part
        async with one.begin:
            if self._stopping.is_set():
                return "told to end"
            self._set(one, State.STARTING, "starting")
            try:
                one.child = await process.start(
                    part.argv, part.env, self._folder.path, one.log, part.stop, privileged=part.role == "edge"
                )
            except OSError as error:
                return f"can't be started: {error}"
        watch = asyncio.create_task(self._finish(one) if part.once else self._watch(one))
        try:
            code = await one.child.wait()
        finally:
            watch.cancel()
        if part.once and code == 0:
            self._set(one, State.FINISHED, "")
            one.ready.set()
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    async def _finish(self, one: Running) -> None:
        await asyncio.sleep(one.part.patience)
        self._give_up(one, f"did not finish within {one.part.patience:.0f} s")

    async def _watch(self, one: Running) -> None:
        """Asks for the part's health, often until it is well the first time."""
        assert one.child is not None
        pid = one.child.pid
        while True:
            answer = await health.ask(one.part.health, pid)
            if not answer and one.state is State.STARTING:
                self._set(one, State.RUNNING, "")
                one.ready.set()
            elif one.state is State.RUNNING and answer != one.health:
                self._set(one, State.RUNNING, answer)
            elif one.state is State.STARTING and time.time() - one.began > one.part.patience:
                self._give_up(one, f"not well after {one.part.patience:.0f} s: {answer}")
            await asyncio.sleep(POLL_STARTING if one.state is State.STARTING else POLL_RUNNING)

    def _give_up(self, one: Running, reason: str) -> None:
        """A part that runs without ever being well: the start has failed, or, later on, it gets another try."""
        if not self._complete and not self._failed.done():
            self._failed.set_exception(StartFailed(one.part.name, reason, one.log.last))
        elif one.child:
            one.log.write(f"darkroom: {reason}")
            process.kill_group(one.child.pid, signal.SIGKILL)

    def _set(self, one: Running, state: State, health: str) -> None:
        one.state, one.health = state, health
        self._changed()

    async def _stop(self) -> None:
        """Each part after all that need it: the edge first, the database last."""

        async def stop(one: Running) -> None:
            dependents = [other for other in self.running.values() if one.part.name in other.part.after]
            for other in dependents:
                await other.gone.wait()
            async with one.begin:
                if one.child:
                    with contextlib.suppress(ProcessLookupError):
                        await one.child.end(one.part.grace)
            self._set(one, State.STOPPED, "")
            one.gone.set()

        await asyncio.gather(*(stop(one) for one in self.running.values()))
