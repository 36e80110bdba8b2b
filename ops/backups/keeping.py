"""Which backups a policy keeps, and why. Pure; after restic's internal/data/snapshot_policy.go."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

STAMP = "%Y%m%dT%H%M%SZ"
_PART = re.compile(r"([1-9][0-9]*)([dwmy]?)")


class BadPolicy(ValueError):
    """The text of a policy is none. Says what one looks like."""


@dataclass(frozen=True)
class Policy:
    """How many to keep: of the last ones, and of the last days, weeks, months, years the newest of each (UTC)."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0

    def __str__(self) -> str:
        letters = ((self.last, ""), (self.daily, "d"), (self.weekly, "w"), (self.monthly, "m"), (self.yearly, "y"))
        return ",".join(f"{count}{letter}" for count, letter in letters if count)


def parsed(text: str) -> Policy:
    """A policy from "7d,4w,12m,2y,3": a number alone counts the last ones. Raises BadPolicy."""
    names, counts = {"": "last", "d": "daily", "w": "weekly", "m": "monthly", "y": "yearly"}, dict[str, int]()
    for part in text.replace(" ", "").split(","):
        found = _PART.fullmatch(part)
        if not found or names[found[2]] in counts:
            raise BadPolicy(f"{text!r} is no policy such as 7d,4w,12m: days, weeks, months, years (y), or a number")
        counts[names[found[2]]] = int(found[1])
    return Policy(**counts)


class Fate(NamedTuple):
    """Whether a backup is kept: for these `reasons`, or without any not."""

    stamp: str
    reasons: tuple[str, ...]


def fates(stamps: Iterable[str], policy: Policy) -> list[Fate]:
    """Of each backup, the newest first. The newest is always kept, and the oldest where a period is not full yet."""
    ordered = sorted(stamps, reverse=True)
    periods = [_Period(name, count, key) for name, count, key in _periods(policy)]
    found = []
    for number, stamp in enumerate(ordered):
        at, oldest = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC), number == len(ordered) - 1
        reasons = ["newest"] if number == 0 else []
        reasons += [reason for period in periods if (reason := period.takes(number, at, oldest))]
        found.append(Fate(stamp, tuple(reasons)))
    return found


Key = Callable[[int, datetime], object]


def _periods(policy: Policy) -> list[tuple[str, int, Key]]:
    return [
        ("last", policy.last, lambda number, at: number),
        ("daily", policy.daily, lambda number, at: at.date()),
        ("weekly", policy.weekly, lambda number, at: at.isocalendar()[:2]),
        ("monthly", policy.monthly, lambda number, at: (at.year, at.month)),
        ("yearly", policy.yearly, lambda number, at: at.year),
    ]


class _Period:
    def __init__(self, name: str, count: int, key: Key) -> None:
        self._name, self._left, self._key = name, count, key
        self._last: object = None

    def takes(self, number: int, at: datetime, oldest: bool) -> str:
        """The reason to keep this one, "" for none; it is asked about each, the newest first."""
        if not self._left:
            return ""
        value = self._key(number, at)
        if value == self._last:
            # An old one stays until there is one for every period: else none would ever become old.
            return f"oldest {self._name}" if oldest else ""
        self._last, self._left = value, self._left - 1
        return self._name
