"""Memory of each part over time, and how steeply it grows."""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from ops.figures import used

EVERY_SECONDS = 5.0
MEGABYTE = 1_000_000
LEAST_MB, STEEPEST = 64.0, 60.0  # MB, and MB an hour


class Growth(NamedTuple):
    """Of one part, in MB: the median of the first and the last quarter of the time, and the slope, in MB an hour."""

    first: float
    last: float
    slope: float

    @property
    def flat(self) -> bool:
        """Not so where it both has doubled, which is more than caches that fill explain, and goes on growing."""
        return self.last - self.first <= max(LEAST_MB, self.first) or self.slope <= STEEPEST


class Memory:
    """Samples of what each part holds: (seconds, MB)."""

    def __init__(self, parts: Callable[[], dict[str, dict[str, Any]]]) -> None:
        self.samples: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._parts = parts

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for name, part in self._parts().items():
                if part["pid"] and (now := await asyncio.to_thread(used, part["pid"])):
                    self.samples[name].append((time.monotonic(), now["memory_bytes"] / MEGABYTE))
            await asyncio.sleep(EVERY_SECONDS)

    def growth(self) -> dict[str, Growth]:
        """By part; of those with too few samples nothing is said."""
        return {name: growth(samples) for name, samples in sorted(self.samples.items()) if len(samples) >= 8}


def growth(samples: list[tuple[float, float]]) -> Growth:
    """The slope is that of least squares over all samples but the first quarter, in which a part gets warm."""
    quarter = len(samples) // 4
    first = statistics.median(held for _, held in samples[:quarter])
    last = statistics.median(held for _, held in samples[-quarter:])
    later = samples[quarter:]
    slope = statistics.linear_regression([at for at, _ in later], [held for _, held in later]).slope
    return Growth(first, last, slope * 3600)
