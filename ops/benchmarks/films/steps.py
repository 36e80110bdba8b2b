"""How long each step takes, and of how much."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Step:
    """seconds: on the wall. files: it was done with. video: their length in seconds, 0 where it does not matter."""

    seconds: float = 0.0
    files: int = 0
    video: float = 0.0

    @property
    def rate(self) -> float:
        """Files a second."""
        return self.files / self.seconds if self.seconds else 0.0

    @property
    def speed(self) -> float:
        """Seconds of video a second."""
        return self.video / self.seconds if self.seconds else 0.0


class Steps:
    """Each by its name, in the order of their first times."""

    def __init__(self) -> None:
        self.all: dict[str, Step] = defaultdict(Step)

    @contextmanager
    def timed(self, name: str, files: int = 1, video: float = 0.0) -> Iterator[None]:
        """Adds what is done within, whether it ends well or not."""
        began = time.perf_counter()
        try:
            yield
        finally:
            step = self.all[name]
            step.seconds += time.perf_counter() - began
            step.files += files
            step.video += video
