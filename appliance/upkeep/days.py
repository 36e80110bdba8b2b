"""Days of keys, which are of UTC."""

from datetime import UTC, date, datetime, timedelta


def today() -> date:
    return datetime.now(UTC).date()


def days_until(first: date, last: date | None = None) -> list[date]:
    """The days from `first` to `last` (today when it is not given), both included; `first` alone if it is later."""
    end = last or today()
    return [first + timedelta(days=n) for n in range(max(0, (end - first).days) + 1)]
