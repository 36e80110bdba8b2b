"""What a plan has come to: totals of all files, and those that are shown, never more than are asked for."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.library.outcomes import Skip, Transcode, Unreadable, Why


class Ranked(NamedTuple):
    """Compared by what is saved for the work, then by which was found first."""

    saving_per_cpu_hour: float
    earlier: int
    path: str
    transcode: Transcode


class Skipped(NamedTuple):
    path: str
    skip: Skip


@dataclass
class Report:
    """most: how many are kept of each kind, so that a million files take no more memory than these; the best of those
    that would be transcoded, the first of others. before, after: bytes of those that would be transcoded, and
    cpu_seconds, by estimate.
    """

    most: int
    transcodes: int = 0
    before: int = 0
    after: int = 0
    cpu_seconds: float = 0.0
    skips: Counter[Why] = field(default_factory=Counter)
    unreadable: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    not_read: list[Unreadable] = field(default_factory=list)
    _best: list[Ranked] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """Files and folders that something is said of."""
        return self.transcodes + self.skips.total() + self.unreadable

    @property
    def ranked(self) -> list[Ranked]:
        """Those to be transcoded, the one that saves the most for the work first."""
        return sorted(self._best, reverse=True)

    def add(self, path: str, outcome: Transcode | Skip | Unreadable) -> None:
        match outcome:
            case Transcode():
                self._add_transcode(path, outcome)
            case Skip():
                self.skips[outcome.why] += 1
                if len(self.skipped) < self.most:
                    self.skipped.append(Skipped(path, outcome))
            case Unreadable():
                self.unreadable += 1
                if len(self.not_read) < self.most:
                    self.not_read.append(outcome)

    def _add_transcode(self, path: str, one: Transcode) -> None:
        self.transcodes += 1
        self.before += one.before
        self.after += one.after
        self.cpu_seconds += one.cpu_seconds
        ranked = Ranked(one.saving_per_cpu_hour, -self.transcodes, path, one)
        if len(self._best) < self.most:
            heapq.heappush(self._best, ranked)
        elif self._best:
            heapq.heappushpop(self._best, ranked)
