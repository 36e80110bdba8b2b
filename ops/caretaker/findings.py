"""What there is to say beside nodes and drives: healing, what is beyond it, room, backlog, scrubs and backups. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from appliance.board.findings import of_lane
from appliance.config import Config
from storage.sentences import Finding, Level, counted

DAY = 86_400.0
FULL_ACT_DAYS, FULL_WATCH_DAYS = 14, 45
BACKUP_ACT_DAYS, DRILL_WATCH_DAYS = 7, 100
FIRST_BACKUP_DAYS = 2
"""Who has had files for so long and no backup does not mean to try it out."""


def of_report(report: Mapping[str, Any], config: Config) -> list[Finding]:
    """`report` as ops/caretaker/gathering.py makes it."""
    found = [*_silence(report), *_healing(report), *_unhealed(report["unhealed"]), *_room(report, config)]
    return [*found, *_backlog(report, config), *_scrub(report, config), *_backup(report)]


def _silence(report: Mapping[str, Any]) -> Iterator[Finding]:
    if report["silence"]:
        yield Finding(
            Level.ACT,
            "storage_silent",
            "The storage server does not answer.",
            "Files can be neither read nor written; what is stored is not touched.",
            "./ops/status shows whether it runs, and its log says why not: storage.log in the data folder's logs.",
        )


def _healing(report: Mapping[str, Any]) -> Iterator[Finding]:
    for drive in report["drives"]:
        if drive["filling"]:
            done = drive["filling"]
            of = f" of about {done['total']:,}" if done["total"] else ""
            what = (
                f"The drive {drive['path']} of {drive['node']} is being filled: {done['done']:,}{of} object versions."
            )
            yield Finding(Level.WATCH, "filling", what, "", "Nothing to do; leave the other drives alone until then.")
    now = report["round"]
    if now and not now["deep"]:
        what = f"Storage is being healed ({now['why']}): {progress(now)}."
        if now["trouble"]:
            what = f"Storage is to be healed ({now['why']}), and that can't go on just now: {now['trouble']}."
        yield Finding(Level.WATCH, "healing", what, "", "Nothing to do: it goes on by itself.")


def progress(one: Mapping[str, Any]) -> str:
    """How far a round is, with the rate and the time left that the server's own results give."""
    if not one["began_at"]:
        return "about to begin"
    left = f", about {duration(one['seconds_left'])} left" if one["seconds_left"] is not None else ""
    return f"{100 * one['share']:.0f} %, {one['looked']:,} object versions looked at, {one['rate']:.0f} a second{left}"


def _unhealed(counts: Mapping[str, int]) -> Iterator[Finding]:
    lost = counts.get("damaged", 0) + counts.get("missing", 0)
    if lost:
        yield Finding(
            Level.ACT,
            "damaged",
            f"{counted(lost, 'stored file')} can't be healed: too many of the shards are bad.",
            "These are lost here, and nothing else is; whoever asks for them is told so.",
            "./ops/heal --list says whose they are; have them uploaded again, or restore them from a backup.",
        )
    if waiting := counts.get("open", 0):
        yield Finding(
            Level.WATCH,
            "undecided",
            f"{counted(waiting, 'object version')} could not be healed yet.",
            "Whether they are lost is not known while drives are away or being filled; nothing is given up before.",
            "Bring back the drives that are away. ./ops/heal --list says whose they are.",
        )
    if readable := counts.get("readable", 0):
        yield Finding(
            Level.WATCH,
            "thin",
            f"{counted(readable, 'object version')} can be read, and could not be given back all shards.",
            "No file is lost.",
            "See whether a drive is full or faulty, then ./ops/heal.",
        )


def _room(report: Mapping[str, Any], config: Config) -> Iterator[Finding]:
    fullest, growth = report["fullest"], report["growth"]
    free = 100 * fullest["free"] / fullest["total"] if fullest else 100.0
    more = "Put in more drives (a pool more: ./ops/cluster), or delete what is not needed."
    if free < config.storage_free_percent:
        what = f"The drive {fullest['path']} of {fullest['node']} has {free:.1f} % free: new uploads are refused."
        yield Finding(Level.ACT, "full", what, "What is stored is safe.", more)
        return
    days = growth and growth["days_until_full"]
    if days is not None and days < FULL_WATCH_DAYS:
        level = Level.ACT if days < FULL_ACT_DAYS else Level.WATCH
        what = f"Storage will be full in about {counted(int(days), 'day')}; new uploads are refused then."
        yield Finding(level, "filling_up", what, "What is stored is safe.", more)


def _backlog(report: Mapping[str, Any], config: Config) -> Iterator[Finding]:
    for lane in report["backlog"]:
        if one := of_lane(lane["lane"], lane["waiting"], lane["oldest_seconds"], config):
            yield Finding(Level(one.severity), one.code, one.what, one.risk, one.remedy)


def _scrub(report: Mapping[str, Any], config: Config) -> Iterator[Finding]:
    due = report["next_scrub"]
    if due is not None and report["at"] - due > config.scrub_days * DAY and not report["round"]:
        what = f"No scrub has begun for more than {2 * config.scrub_days:g} days."
        then = "./ops/scrub --now begins one; it slows down while users work."
        yield Finding(Level.ACT, "scrub_late", what, "Rot on the drives may go unnoticed.", then)


def _backup(report: Mapping[str, Any]) -> Iterator[Finding]:
    backup, drill, first, now = report["backup"], report["drill"], report["oldest_upload"], report["at"]
    risk = "What happens to this house or these hosts would happen to all files."
    if first is None or now - first < FIRST_BACKUP_DAYS * DAY:
        return
    if backup is None:
        what = "There is no backup."
        yield Finding(Level.ACT, "no_backup", what, risk, "./ops/backup --to URL makes one, best every night.")
    elif now - backup["at"] > BACKUP_ACT_DAYS * DAY:
        what = f"The last backup was {duration(now - backup['at'])} ago."
        yield Finding(Level.ACT, "old_backup", what, risk, "See why no newer one was made, then ./ops/backup --to URL.")
    elif drill is None or now - drill["at"] > DRILL_WATCH_DAYS * DAY:
        what = "The backup was never tried." if drill is None else f"The backup was tried {_ago(drill, now)}."
        yield Finding(Level.WATCH, "no_drill", what, "", "./ops/drill restores a sample of it and compares.")


def _ago(record: Mapping[str, Any], now: float) -> str:
    return f"{duration(now - record['at'])} ago"


def duration(seconds: float) -> str:
    """Seconds for people: 45 s, 12 min, 3.5 h, 9 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * DAY else f"{seconds / DAY:.0f} days"


def since(iso: str, now: float) -> str:
    """How long ago a time in ISO 8601 was."""
    return f"{duration(max(0.0, now - datetime.fromisoformat(iso).timestamp()))} ago"
