"""Stepping back: programs that run for minutes stand still while something urgent is done on the same machine.

A low priority alone is not enough: a core that encodes slows down what is done on the one beside it by a third.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

LOOK_SECONDS = 0.005  # between two looks whether something is urgent
HELD_SECONDS = (
    0.5  # the longest that a program stands still at once; afterwards it runs for as long, whatever is urgent
)

Urgent = Callable[[], bool]


def nothing() -> bool:
    """What is urgent where nobody says anything."""
    return False


_urgent: Urgent = nothing


def give_way_to(urgent: Urgent) -> None:
    """Has every program that this process runs with a `nice` above 0 stand still while `urgent` says so.

    It is asked in the context (`contextvars`) of who ran the program.
    """
    global _urgent
    _urgent = urgent


async def step_back(group: int) -> None:
    """Holds the processes of a group and lets them go on, until cancelled or there are none."""
    with contextlib.suppress(ProcessLookupError):
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if _urgent():
                await _hold(group)


async def _hold(group: int) -> None:
    began = time.monotonic()
    os.killpg(group, signal.SIGSTOP)
    try:
        while _urgent() and time.monotonic() < began + HELD_SECONDS:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        os.killpg(group, signal.SIGCONT)
    await asyncio.sleep(time.monotonic() - began)
