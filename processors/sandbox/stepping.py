"""Stepping back: programs that run for minutes stand still while something else goes first on the same machine.

A low priority alone is not enough: a core that encodes slows down what is done on the one beside it by a third.
"""

import asyncio
import contextlib
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

LOOK_SECONDS = 0.005  # between two looks whether something is urgent
HELD_SECONDS = (
    0.5  # the longest that a program stands still at once; afterwards it runs for as long, whatever is urgent
)
WAITING_SECONDS = 0.25  # between two looks whether it still has to wait

Asked = Callable[[], bool]


def nothing() -> bool:
    """What is urgent where nobody says anything."""
    return False


_urgent: Asked = nothing
_waits: Asked = nothing


def give_way_to(urgent: Asked, waits: Asked = nothing) -> None:
    """Has every program that this process runs with a `nice` above 0 stand still: while `urgent` says so for half a
    second at most, as long as it runs in between; while `waits` says so for as long as it does.

    Both are asked in the context (`contextvars`) of who ran the program.
    """
    global _urgent, _waits
    _urgent, _waits = urgent, waits


class Still:
    """How long something has stood still, which is not taken for its own time."""

    def __init__(self) -> None:
        self._over, self._since, self._holding = 0.0, 0.0, 0

    @property
    def seconds(self) -> float:
        """Until now, by the clock: of two that stand still at once not twice."""
        return self._over + (time.monotonic() - self._since if self._holding else 0.0)

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """While the block runs, it does."""
        if not self._holding:
            self._since = time.monotonic()
        self._holding += 1
        try:
            yield
        finally:
            self._holding -= 1
            if not self._holding:
                self._over += time.monotonic() - self._since


_own: ContextVar[Still | None] = ContextVar("own", default=None)


def counted() -> Still:
    """How long what this task runs from now on, and all that it begins, stands still."""
    own = Still()
    _own.set(own)
    return own


async def step_back(group: int, still: Still) -> None:
    """Holds the processes of a group and lets them go on, until cancelled or there are none."""
    with contextlib.suppress(ProcessLookupError):
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if _waits():
                await _hold(group, still, _waits, WAITING_SECONDS)
            elif _urgent():
                await asyncio.sleep(await _hold(group, still, _urgent, LOOK_SECONDS, HELD_SECONDS))


async def _hold(group: int, still: Still, why: Asked, look_seconds: float, most_seconds: float = math.inf) -> float:
    """While `why` says so, asked each `look_seconds`; gives for how long."""
    began = time.monotonic()
    os.killpg(group, signal.SIGSTOP)
    try:
        with still.standing(), (_own.get() or Still()).standing():
            while why() and time.monotonic() < began + most_seconds:  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(look_seconds)
    finally:
        os.killpg(group, signal.SIGCONT)
    return time.monotonic() - began
