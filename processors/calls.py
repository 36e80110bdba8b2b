"""Calls that may never come back: each in a thread of its own, which nobody waits for when the process ends.

Python can't end a thread. So code of others gets one at most, and no second call while the first is still out.
What holds the interpreter all the while, as one call into C may, holds up everybody all the same.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
STUCK = "hangs since an earlier call: it is not asked any more until Darkroom is started anew"


class Hangs(Exception):
    """It has not come back in its time. Says so, without its name."""


class Stuck(Exception):
    """An earlier call has not come back yet, so none was made. Says so, without its name."""


class Calls:
    """Of one plug-in: one at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._late: Future[Any] | None = None

    @property
    def stuck(self) -> bool:
        """Whether a call has not come back that should have."""
        late = self._late
        return late is not None and not late.done()

    def call(self, seconds: float, do: Callable[[], T]) -> T:
        """What it gives. Raises Hangs once so many seconds have passed, Stuck, and whatever it raises."""
        with self._turn:
            if self.stuck:
                raise Stuck(STUCK)
            call = begun(do)
            if not wait([call], seconds).done:
                self._late = call
                raise Hangs(f"has not come back within {seconds:g} s")
        return call.result()


def begun(do: Callable[[], T]) -> "Future[T]":
    """What a call will give, that has begun. What would end the process is an error like any other."""
    call: Future[T] = Future()
    threading.Thread(target=copy_context().run, args=(_done, call, do), name="call", daemon=True).start()
    return call


def _done(call: "Future[T]", do: Callable[[], T]) -> None:
    call.set_running_or_notify_cancel()
    try:
        call.set_result(do())
    except Exception as error:
        call.set_exception(error)
    except BaseException as error:  # SystemExit, say, of somebody who thinks that the process is theirs
        call.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
