"""What is wrong, as findings: each says what is so, what it means, and what to do. Pure.

What storage's caretaker finds (ops/caretaker/findings.py) comes beside these, in its own words.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from appliance.beat import Beat
from appliance.board.lanes import LaneState
from appliance.config import Config
from appliance.lanes import paused
from appliance.queue import BACKFILL
from storage.sentences import Level, counted

SWEEP_SECONDS = 600.0
SLOW_ACT_SECONDS, SLOW_WATCH_SECONDS = 3600.0, 600.0
NEW_SECONDS = 86_400.0
"""For so long a bad file is news: who sent it was told, and there is nothing to be done about it here."""

OF_LANES = ("backlog", "lane_paused")


class Finding(msgspec.Struct, frozen=True):
    """severity: `act` if somebody must do something, `watch` if it goes by itself or there is time. since: as far as it
    is known. about: what it is of, by which it can be told from others of its code.
    """

    severity: str
    code: str
    what: str
    risk: str = ""
    remedy: str = ""
    since: datetime | None = None
    about: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def identity(self) -> str:
        """The same for as long as it is the same thing that is wrong."""
        return f"{self.code} {msgspec.json.encode(self.about, order='sorted').decode()}"


def of_storage(report: Mapping[str, Any] | None, expected: bool) -> Iterator[Finding]:
    """What the caretaker's report says. expected: storage is ours, so that there is to be one."""
    if report is None:
        if expected:
            yield Finding(
                *(Level.ACT, "no_report", "Nobody looks after storage."),
                "Drives may fail unseen; what is stored is not touched.",
                "./ops/status shows whether the part caretaker is well, and its log why not.",
            )
        return
    for one in report["findings"]:
        if one["code"] not in OF_LANES:  # those are known here, and fresher
            yield Finding(one["level"], one["code"], one["what"], one["risk"], one["next"])


def of_lane(lane: str, waiting: int, waited_seconds: float, config: Config) -> Finding | None:
    """What there is to say of a lane, beside its workers."""
    files = f"{counted(waiting, 'file')} of {lane}"
    if paused(config, lane):
        what = f"The lane {lane} is paused by hand; {files} {'waits' if waiting == 1 else 'wait'}."
        then = f"Resume it on /admin, or with ./ops/settings set {lane}_paused false."
        return Finding(Level.WATCH, "lane_paused", what, "No file is lost.", then, about={"lane": lane})
    if waited_seconds < SLOW_WATCH_SECONDS or lane == BACKFILL:  # that one is to wait until nobody wants the machine
        return None
    level = Level.ACT if waited_seconds >= SLOW_ACT_SECONDS else Level.WATCH
    what = f"{files} {'waits' if waiting == 1 else 'wait'} to be processed, the first for {_spoken(waited_seconds)}."
    then = "See whether the workers are well; more of them help if they are."
    return Finding(level, "backlog", what, "No file is lost: each has its turn.", then, about={"lane": lane})


def of_lanes(lanes: Iterable[LaneState], config: Config, now: datetime) -> Iterator[Finding]:
    for lane in lanes:
        waited = (now - lane.oldest_since).total_seconds() if lane.oldest_since else 0.0
        if lane.waiting and not lane.workers:
            what = f"No worker of the lane {lane.lane} is alive; {counted(lane.waiting, 'file')} of it wait."
            then = "./ops/status shows whether they were started and why they ended."
            about, risk = {"lane": lane.lane}, "No file is lost, and none is processed."
            yield Finding(Level.ACT, "no_worker", what, risk, then, lane.oldest_since, about)
        elif found := of_lane(lane.lane, lane.waiting, waited, config):
            since = None if found.code == "lane_paused" else lane.oldest_since
            yield msgspec.structs.replace(found, since=since)


def of_parts(beats: Iterable[Beat], down: Iterable[str]) -> Iterator[Finding]:
    """down: parts that the supervisor calls unwell."""
    told = set(down)
    then = "./ops/status shows why; its log is in the data folder's logs. It is started again by itself."
    for part in sorted(told):
        what = f"The part {part} is down or not well."
        yield Finding(Level.ACT, "part_down", what, "", then, about={"part": part})
    for beat in beats:
        about = {"part": beat.part}
        if not beat.alive and beat.name not in told:
            what = f"The part {beat.part} says nothing any more: it was ended by force, or hangs."
            since = datetime.fromtimestamp(int(beat.at), UTC)
            yield Finding(Level.ACT, "part_silent", what, "", "./ops/status shows its state on its host.", since, about)
        if clocks := beat.told.get("clocks"):
            risk, then = "Links and tokens may be dead where they are used.", "Set the clocks of all hosts by NTP."
            yield Finding(Level.ACT, "clocks_apart", f"{beat.part}: {clocks}.", risk, then, about=about)
        sandbox = beat.told.get("sandbox")
        if sandbox and not sandbox["strong"]:
            why = "; ".join(f"{layer}: {reason}" for layer, reason in sandbox["missing"].items())
            what = f"The sandbox of {beat.part} is weak: {why}."
            risk = "Untrusted files are decoded behind one wall only."
            then = "./ops/status shows what this host lacks for a second one."
            yield Finding(Level.WATCH, "sandbox_weak", what, risk, then, about=about)


def of_failed(rows: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Finding]:
    """rows: code, fixer, failed, since, last_at. A client's are told of while one of the last day is among them."""
    for row in rows:
        ours = row["fixer"] == "operator"
        if not ours and (now - row["last_at"]).total_seconds() > NEW_SECONDS:
            continue
        what = f"{counted(row['failed'], 'file')} failed: {row['code']}."
        then = "Whoever sent them was told why, and can send others. There is nothing to do here."
        if ours:
            then = (
                f"See what the log says, mend that, then try them again: ./ops/retry --code {row['code']}, or /admin."
            )
        level = Level.ACT if ours else Level.WATCH
        about = {"code": str(row["code"]), "fixer": str(row["fixer"] or "client")}
        yield Finding(level, "failed", what, "", then, row["since"], about)


def of_ledger(sweep_behind_seconds: float, differing_days: int) -> Iterator[Finding]:
    if sweep_behind_seconds > SWEEP_SECONDS:
        what = f"The sweep is {_spoken(sweep_behind_seconds)} late."
        risk = "Uploads whose notification was lost are found late; none is lost."
        yield Finding(
            Level.ACT, "sweep_behind", what, risk, "See whether intake is well with ./ops/status, and its log."
        )
    if differing_days:
        what = f"The daily verification found differences on {counted(differing_days, 'day')}."
        then = "./ops/verify shows them; with --repair it says what it would do."
        yield Finding(Level.ACT, "differing_days", what, "Ledger and storage do not say the same.", then)


def of_webhooks(rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """rows: id, project, failing_since, last_error, disabled_at, disabled_reason."""
    for row in rows:
        about, of = {"webhook": row["id"], "project": row["project"]}, f"A webhook of the project {row['project']}"
        if row["disabled_at"]:
            what = f"{of} is disabled: {row['disabled_reason'] or 'it failed for too long'}."
            then = f"Have its receiver mended; POST /webhooks/{row['id']}/replay then sends what it missed."
            yield Finding(Level.WATCH, "webhook_disabled", what, "", then, row["disabled_at"], about)
        else:
            what = f"{of} fails: {row['last_error'] or 'no answer'}."
            then = "Its receiver has to be mended; it is tried again by itself, and nothing is lost meanwhile."
            yield Finding(Level.WATCH, "webhook_failing", what, "", then, row["failing_since"], about)


def of_libraries(rows: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """rows: name, host where there are several, problem of its workflow, and problem of the last look that has ended,
    seen: when that was.
    """
    for row in rows:
        what, then = f"The library {row['name']} can't be used: {row['problem']}", _MEND_WORKFLOW
        if not row["problem"]:
            what = f"The last look through the library {row['name']} came to no end: {row['look_problem']}"
            then = "Mend that, then press Look now on /admin, or: ./ops/library scan NAME."
        risk = "What is new in it is not found; nothing of it is lost."
        about = {"library": row["name"]} | ({"host": row["host"]} if row["host"] else {})
        yield Finding(Level.ACT, "library", f"{what.rstrip('.')}.", risk, then, row["seen"], about)


def away(source: str) -> Finding:
    """A source that did not answer: what it would say is not known."""
    name, risk = _AWAY[source]
    then = "./ops/status shows whether it runs, and its log says why not."
    return Finding(Level.ACT, "source_away", f"{name} does not answer.", risk, then, about={"source": source})


_MEND_WORKFLOW = "Mend its file in the folder of libraries: ./ops/library schema prints what may stand in it."
_AWAY = {
    "ledger": ("The database", "Nothing can be uploaded or asked for; nothing that is stored is lost."),
    "valkey": ("Valkey", "Work and news wait; nothing is lost."),
    "storage": ("Storage, or its write quorum,", "Uploads are refused; nothing that is stored is touched."),
}


def _spoken(seconds: float) -> str:
    """Whole minutes, hours or days, so that the sentence does not change each second."""
    if seconds < 5400:
        return counted(int(seconds // 60), "minute")
    return counted(int(seconds // 3600), "hour") if seconds < 172_800 else counted(int(seconds // 86_400), "day")
