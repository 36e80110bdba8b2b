"""How far a video is, from what ffmpeg itself tells: at most once a second, with the time that is left."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

EVERY_SECONDS = 1.0
LINE_BYTES = 512


@dataclass(frozen=True)
class Progress:
    """percent: 0 to 100, never falling. left: seconds that remain at this speed; None while nobody knows.

    step: what is being done, in a word.
    """

    percent: float
    left: float | None
    step: str = "transcode"


@dataclass(frozen=True)
class Share:
    """A part of all the work, from `low` to `high` of 1. after: what comes behind it takes so many times as long as it.

    after: None where nobody knows.
    """

    low: float
    high: float
    after: float | None = 0.0
    step: str = "transcode"

    def part(self, low: float, high: float) -> "Share":
        """From `low` to `high` of this one."""
        width = self.high - self.low
        return replace(self, low=self.low + low * width, high=self.low + high * width)


# What takes less says nothing of how long the rest will take: most of it is its start.
FORETELLS_SECONDS = 1.0
WHOLE = Share(0.0, 1.0)


def shares(begin: float, efforts: Sequence[float]) -> list[Share]:
    """What is left of the work from `begin` on, shared by the seconds that each part is thought to take."""
    made, low = list[Share](), begin
    weights = [max(effort, 0.001) for effort in efforts]
    for number, weight in enumerate(weights):
        rest, step = sum(weights[number + 1 :]), "ladder" if number else "transcode"
        after = None if rest and weight < FORETELLS_SECONDS else rest / weight
        high = low + (1 - begin) * weight / sum(weights)
        made.append(Share(low, high, after, step))
        low = high
    return made


Tell = Callable[[Progress], None]


class Meter:
    """Takes ffmpeg's `-progress` as it comes and tells `tell`.

    seconds: of the result. share: the part of all the work that this is. clock: in seconds.
    """

    def __init__(
        self,
        seconds: float,
        tell: Tell,
        share: Share = WHOLE,
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
        share, passed, left = self._share, now - self._began, None
        if self._most > 0.01 and share.after is not None:
            left = passed / self._most * (1 - self._most + share.after)
        percent = 100 * (share.low + (share.high - share.low) * self._most)
        self._tell(Progress(round(percent, 1), left, share.step))
