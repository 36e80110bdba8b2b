"""Hours of the day, written as 22:00-06:00: pure functions of a moment."""

from datetime import datetime, time
from typing import NamedTuple

from appliance.errors import BadConfiguration
from appliance.upkeep import clock


class Span(NamedTuple):
    """From `begin` until before `end`; over midnight where that is earlier, all day where they are the same."""

    begin: time
    end: time

    def holds(self, now: time) -> bool:
        if self.begin < self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def span(text: str) -> Span:
    """Of 22:00-06:00. Raises ValueError."""
    begin, _, end = text.partition("-")
    try:
        return Span(clock.time_of_day(begin), clock.time_of_day(end))
    except BadConfiguration:
        raise ValueError("expected hours such as 22:00-06:00") from None


def within(hours: tuple[str, ...], now: datetime) -> bool:
    """Whether `now`, on the operator's clock, is within one of these; always where there are none."""
    return not hours or any(span(one).holds(now.time()) for one in hours)
