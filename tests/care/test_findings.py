"""What a person reads: what is wrong, whether data is at risk, what to do; and whether somebody must act."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.config import Config
from ops.caretaker import findings, telling
from ops.caretaker.gathering import of_cluster
from ops.commands import status
from storage import sentences
from tests.care.test_margins import recorded

pytestmark = pytest.mark.pure

DAY = 86_400.0
ROUND = {
    "id": 7,
    "kind": "heal",
    "deep": False,
    "why": "the drive /drives/d1 of n1 is back",
    "began_at": "2026-11-25T22:00:00+00:00",
    "ended_at": None,
    "looked": 4200,
    "mended": 17,
    "unhealed": 0,
    "waiting": 0,
    "rate": 350.0,
    "share": 0.42,
    "seconds_left": 16.6,
    "trouble": "",
}


def made(name: str = "4x5-well", **other: Any) -> dict[str, Any]:
    """A report on a recorded cluster, all else well."""
    now = time.time()
    told: dict[str, Any] = {"at": now, "silence": "", **of_cluster(recorded(name))}
    told |= {"round": None, "last_heal": None, "last_scrub": None, "next_scrub": now + DAY, "unhealed": {}}
    told |= {"backlog": [{"lane": "images", "waiting": 0, "oldest_seconds": 0.0}], "oldest_upload": now - 30 * DAY}
    told |= {"growth": {"bytes_a_day": 1e9, "measured_days": 7.0, "days_until_full": 300.0}}
    told |= {"backup": {"at": now - DAY, "to": "/elsewhere"}, "drill": {"at": now - DAY}}
    told |= other
    found = findings.of_report(told, Config()) + sentences.of_drives(recorded(name))
    return told | {"findings": [one._asdict() for one in found]}


def said(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(one["level"]), one["code"]) for one in report["findings"]]


def test_where_all_is_well_nothing_is_to_do() -> None:
    report = made()
    assert said(report) == []
    text = "\n".join(telling.lines(report))
    assert "4 of 4 nodes, 20 of 20 drives are well" in text
    assert "1 more drive may fail in each of 5 sets before writes stop, 2 more before reads stop" in text
    assert "any one node may fail before writes stop" in text
    assert "in about 300 days (1.0 GB a day on the drives, by the last 7 days)" in text
    assert "none has ended yet; the next one begins in 24.0 h" in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"silence": "no answer"}, ("act", "storage_silent")),
        ({"round": ROUND}, ("watch", "healing")),
        ({"unhealed": {"damaged": 1, "missing": 2}}, ("act", "damaged")),
        ({"unhealed": {"open": 3}}, ("watch", "undecided")),
        ({"unhealed": {"readable": 3}}, ("watch", "thin")),
        ({"growth": {"days_until_full": 40.0}}, ("watch", "filling_up")),
        ({"growth": {"days_until_full": 3.0}}, ("act", "filling_up")),
        ({"backlog": [{"lane": "images", "waiting": 9, "oldest_seconds": 700.0}]}, ("watch", "backlog")),
        ({"backlog": [{"lane": "images", "waiting": 9, "oldest_seconds": 7200.0}]}, ("act", "backlog")),
        ({"next_scrub": 0.0}, ("act", "scrub_late")),
        ({"backup": None}, ("act", "no_backup")),
        ({"backup": {"at": 0.0, "to": "x"}}, ("act", "old_backup")),
        ({"drill": None}, ("watch", "no_drill")),
    ],
)
def test_each_thing_that_can_be_wrong(change: dict[str, Any], expected: tuple[str, str]) -> None:
    report = made(**change)
    assert said(report) == [expected]
    for one in report["findings"]:
        assert one["what"].endswith(".")
        assert one["next"], "what to do is always said"


@pytest.mark.parametrize(
    "change",
    [
        {"unhealed": {"made_anew": 5}},
        {"oldest_upload": time.time() - 3600, "backup": None},
        {"oldest_upload": None, "backup": None},
        {"growth": None},
        {"growth": {"bytes_a_day": 0.0, "measured_days": 7.0, "days_until_full": None}},
        {"next_scrub": None},
    ],
)
def test_what_nobody_has_to_be_troubled_with(change: dict[str, Any]) -> None:
    assert said(made(**change)) == []


def test_a_full_drive_is_told_once() -> None:
    report = made(growth={"days_until_full": 0.0})
    report["fullest"] = {"path": "/drives/d1", "node": "n1", "free": 1, "total": 100}
    found = findings.of_report(report, Config())
    assert [(str(one.level), one.code) for one in found] == [("act", "full")]
    assert found[0].what == "The drive /drives/d1 of n1 has 1.0 % free: new uploads are refused."


def test_a_heal_under_way_with_rate_and_time_left() -> None:
    text = "\n".join(telling.lines(made(round=ROUND)))
    assert "42 %, 4,200 object versions looked at, 350 a second, about 17 s left" in text
    stuck = "\n".join(telling.lines(made(round=ROUND | {"trouble": "no server"})))
    assert "that can't go on just now: no server" in stuck


def test_a_second_look_that_is_still_to_come() -> None:
    last = ROUND | {"ended_at": datetime.now(UTC).isoformat()}
    assert "nothing to do; the last heal ended" in "\n".join(telling.lines(made(last_heal=last, settles_at=None)))
    text = "\n".join(telling.lines(made(last_heal=last, settles_at=time.time() + 40)))
    assert re.search(r"once more in (3\d|40) s, once nodes have connected again; the last heal ended", text)


def test_a_drive_that_is_away_in_the_text_of_status() -> None:
    text = "\n".join(telling.lines(made("4x5-drive-away")))
    assert "no more drive may fail in set 1 before writes stop, 1 more before reads stop" in text
    assert "1 more drive may fail in each of 4 sets before writes stop" in text
    assert "TO DO" in text


def test_where_nobody_tells_that_is_said() -> None:
    assert "the caretaker has not told" in telling.lines(None)[0]


def test_a_caretaker_that_had_the_time_to_look_and_tells_nothing_is_not_well() -> None:
    rows = [{"name": name, "health": "ok", "uptime_seconds": up} for name, up in (("caretaker", 60.0), ("api", 60.0))]
    status._silent(rows)
    assert [row["health"] for row in rows] == ["tells nothing of storage", "ok"]
    young = [{"name": "caretaker", "health": "ok", "uptime_seconds": 2.0}]
    status._silent(young)
    assert young[0]["health"] == "ok"


@pytest.mark.parametrize(
    ("seconds", "text"), [(45.0, "45 s"), (700.0, "12 min"), (12_600.0, "3.5 h"), (9 * DAY, "9 days")]
)
def test_durations(seconds: float, text: str) -> None:
    assert findings.duration(seconds) == text
