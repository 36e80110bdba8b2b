"""CPU time of the programs that this process has run in the sandbox.

The kernel tells a parent only of children that it has waited for, and between it and a program stands another one that
ends without waiting: so it is read while the program runs, and what it does in its last tenth of a second is missed.
"""

import os
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from processors.sandbox.memory import tree

_TICKS = os.sysconf("SC_CLK_TCK")
# Of proc(5), stat, counted from behind the name: user and system time, and those of children that were waited for.
_FIRST, _LAST = 11, 15


@dataclass
class Spent:
    """seconds: of all programs that were run since it was made."""

    seconds: float = 0.0


_all = Spent()
_own: ContextVar[Spent | None] = ContextVar("own", default=None)


def counted() -> Spent:
    """What this task, and all that it begins from now on, has programs spend."""
    own = Spent()
    _own.set(own)
    return own


def cpu_seconds(pid: int) -> float:
    """Of a process and all below it that live, and those that these have waited for."""
    return sum(_of(one) for one in tree(pid))


def note(seconds: float) -> None:
    """A program that this process ran has taken so many."""
    _all.seconds += seconds
    if (own := _own.get()) is not None:
        own.seconds += seconds


def spent() -> float:
    """CPU seconds of all programs until now."""
    return _all.seconds


def _of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[_FIRST:_LAST])) / _TICKS
