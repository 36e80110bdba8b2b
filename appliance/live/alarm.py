"""A time limit that is set anew with every message, and costs a timer only now and then."""

import asyncio
import math
from collections.abc import Callable


class Alarm:
    """Rings once, so many seconds after it was last set, in the loop that it is made in.

    A timer for each message costs as much as sending it. Here is one at a time, which looks when it is over whether it
    was set anew meanwhile.
    """

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        self._seconds, self._ring = seconds, ring
        self._loop = asyncio.get_running_loop()
        self._at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """The time begins now."""
        self._at = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._at, self._look)

    def off(self) -> None:
        """Does not ring, until it is set again."""
        self._at = math.inf

    def _look(self) -> None:
        self._timer = None
        if self._at <= self._loop.time():
            self._at = math.inf
            self._ring()
        elif self._at < math.inf:
            self._timer = self._loop.call_at(self._at, self._look)
