"""When backups are made and drilled by themselves, as it is recorded with the data folder."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from appliance.errors import BadConfiguration
from appliance.upkeep import clock
from ops import credentials
from ops.backups import keeping, kept
from ops.folder import DataFolder

FILE = "backups.json"
KEY = "backup_key"
"""Of credentials.FILE: the key of the S3 that backups go to, as access:secret."""
DAY = 86_400.0


class BadSchedule(ValueError):
    """What was given is no schedule. Says what is wrong with it."""


@dataclass(frozen=True)
class Schedule:
    """To the store `to`, every day `at` (as 02:30), then all but those that the policy `keep` names are removed, unless
    it is ""; a drill after so many days, never for 0."""

    to: str = ""
    at: str = "02:00"
    keep: str = ""
    drill_days: float = 30.0


def load(folder: DataFolder, environment: Mapping[str, str]) -> Schedule | None:
    """What was recorded, and DARKROOM_BACKUP_TO, _AT, _KEEP and _DRILL_DAYS before that; None without a store.

    Raises BadSchedule.
    """
    names = [field.name for field in fields(Schedule)]
    given = {name: value for name in names if (value := environment.get(f"DARKROOM_BACKUP_{name.upper()}"))}
    known = {name: value for name, value in folder.read(FILE).items() if name in names}
    made = checked(Schedule(**(known | given)))
    return made if made.to else None


def checked(one: Schedule) -> Schedule:
    """The same, with numbers as numbers. Raises BadSchedule."""
    try:
        days = float(one.drill_days)
        clock.time_of_day(one.at)
        if one.keep:
            keeping.parsed(one.keep)
    except BadConfiguration as error:
        raise BadSchedule(f"{one.at!r} is not a time of day such as 02:30") from error
    except ValueError as error:
        raise BadSchedule(str(error)) from error
    if not 0 <= days < 10_000:
        raise BadSchedule(f"{one.drill_days!r} is no number of days")
    return Schedule(one.to, one.at, one.keep, days)


def record(folder: DataFolder, one: Schedule | None, key: str | None) -> None:
    """Keeps it for every later start, and the key of its S3; None: none is made by itself any more."""
    folder.write(FILE, asdict(one) if one else {})
    secrets = folder.read(credentials.FILE)
    folder.write(credentials.FILE, {**secrets, KEY: key or secrets.get(KEY, "")} if one else secrets | {KEY: ""})


def key(folder: DataFolder, environment: Mapping[str, str]) -> str | None:
    """The key of the S3 that backups go to, if there is one: DARKROOM_BACKUP_KEY, else the recorded one."""
    return environment.get("DARKROOM_BACKUP_KEY") or folder.read(credentials.FILE).get(KEY) or None


def backup_due(one: Schedule, folder: DataFolder, now: datetime, zone: str) -> bool:
    """Whether none was made there since it was time to, by the clock of the time zone `zone` ("": the machine's)."""
    last = folder.read(kept.BACKUP)
    if last.get("to") != one.to:
        return True
    return datetime.fromtimestamp(last["at"], UTC) < clock.last_due(now, clock.time_of_day(one.at), clock.zone(zone))


def drill_due(one: Schedule, folder: DataFolder, now: datetime) -> bool:
    """Whether a backup is there that none was made of for so long."""
    if not one.drill_days or folder.read(kept.BACKUP).get("to") != one.to:
        return False
    return now.timestamp() - folder.read(kept.DRILL).get("at", 0.0) >= one.drill_days * DAY
