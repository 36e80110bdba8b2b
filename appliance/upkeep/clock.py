"""When what is done once a day is due, by the operator's clock."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.errors import BadConfiguration


def zone(name: str) -> tzinfo | None:
    """The time zone of this name (Europe/Berlin); None, which is the machine's own, for "". Raises BadConfiguration."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadConfiguration(f"DARKROOM_TIMEZONE: this machine knows no time zone {name!r}") from error


def time_of_day(text: str) -> time:
    """A time as 23:59. Raises BadConfiguration."""
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError as error:
        raise BadConfiguration(f"DARKROOM_CLEAN_AT: {text!r} is not a time of day like 00:00") from error


def last_due(now: datetime, at: time, where: tzinfo | None) -> datetime:
    """When it was `at` in this zone last, not after `now`; both moments of one kind, in UTC."""
    today = now.astimezone(where).date()
    for day in (today, today - timedelta(days=1)):
        moment = datetime.combine(day, at, where)
        if where is None:
            moment = moment.astimezone()  # what has no zone is read as the machine's
        if moment <= now:
            return moment.astimezone(UTC)
    raise AssertionError("a day has an end")
