"""How far a video is, from what ffmpeg itself tells: at most once a second, with the time that is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass

EVERY_SECONDS = 1.0
LINE_BYTES = 512


@dataclass(frozen=True)
class Progress:
    """percent: 0 to 100, never falling. left: seconds that remain at this speed; None while nobody knows."""

    percent: float
    left: float | None


Tell = Callable[[Progress], None]


class Meter:
    """Takes ffmpeg's `-progress` as it comes and tells `tell`.

    seconds: of the result. share: the part of all the work that this is, from and to, 0 to 1. clock: in seconds.
    """

    def __init__(
        self,
        seconds: float,
        tell: Tell,
        share: tuple[float, float] = (0.0, 1.0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._tell, self._share, self._clock = seconds, tell, share, clock
        self._began = clock()
        self._told = self._began - EVERY_SECONDS
        self._rest = b""
        self._most = 0.0

    def hear(self, said: bytes) -> None:
        """The next piece. It comes from a program that nobody vouches for: whatever makes no sense is passed over."""
        *lines, self._rest = (self._rest + said).split(b"\n")
        self._rest = self._rest[-LINE_BYTES:]
        for line in lines:
            name, _, value = line.partition(b"=")
            if name == b"out_time_us" and value.strip().isdigit() and len(value) < 20:
                self._reached(int(value) / 1e6)

    def _reached(self, seconds: float) -> None:
        done = min(1.0, seconds / self._seconds) if self._seconds else 0.0
        self._most = max(self._most, done)
        now = self._clock()
        if now - self._told < EVERY_SECONDS:
            return
        self._told = now
        low, high = self._share
        passed = now - self._began
        left = passed / self._most * (1 - self._most) if self._most > 0.01 else None
        self._tell(Progress(round(100 * (low + (high - low) * self._most), 1), left))
