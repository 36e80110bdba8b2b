"""Backups that are made by themselves: when they are due, and by a real appliance."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.backups import kept, schedule
from ops.backups.schedule import BadSchedule, Schedule
from ops.folder import DataFolder
from tests.appliance import pictures
from tests.appliance.client import Project
from tests.stack import Stack

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.mark.pure
def test_a_backup_is_due_once_a_day_at_its_time(folder: DataFolder) -> None:
    one = Schedule("/store", "02:30")
    assert schedule.backup_due(one, folder, NOW, "UTC"), "there is none yet"
    for hours, due in ((1, False), (9, False), (10, True), (48, True)):
        at = (NOW - timedelta(hours=hours)).timestamp()
        folder.write(kept.BACKUP, {"at": at, "to": "/store", "stamp": "x", "missing": 0})
        assert schedule.backup_due(one, folder, NOW, "UTC") is due, hours
    folder.write(kept.BACKUP, {"at": NOW.timestamp(), "to": "/other", "stamp": "x", "missing": 0})
    assert schedule.backup_due(one, folder, NOW, "UTC"), "that one is somewhere else"
    assert schedule.backup_due(Schedule("/other", "13:30"), folder, NOW + timedelta(hours=1), "Europe/Berlin"), (
        "13:30 in Berlin"
    )
    assert schedule.backup_due(Schedule("/other", "13:30"), folder, NOW + timedelta(hours=1), "UTC") is False
    assert schedule.backup_due(Schedule("/other", "13:30"), folder, NOW + timedelta(hours=2), "UTC")


@pytest.mark.pure
def test_a_drill_is_due_after_so_many_days(folder: DataFolder) -> None:
    one = Schedule("/store", drill_days=30)
    assert not schedule.drill_due(one, folder, NOW), "there is nothing to drill with"
    folder.write(kept.BACKUP, {"at": NOW.timestamp(), "to": "/store", "stamp": "x", "missing": 0})
    assert schedule.drill_due(one, folder, NOW)
    assert not schedule.drill_due(Schedule("/store", drill_days=0), folder, NOW)
    for days, due in ((29, False), (30, True)):
        folder.write(kept.DRILL, {"at": (NOW - timedelta(days=days)).timestamp(), "damaged": 0})
        assert schedule.drill_due(one, folder, NOW) is due


@pytest.mark.pure
def test_what_was_recorded_holds_and_the_environment_goes_before_it(folder: DataFolder) -> None:
    assert schedule.load(folder, {}) is None
    schedule.record(folder, Schedule("/store", "03:00", "7d", 14), "access:secret")
    assert schedule.load(folder, {}) == Schedule("/store", "03:00", "7d", 14)
    given = {"DARKROOM_BACKUP_TO": "/other", "DARKROOM_BACKUP_DRILL_DAYS": "0"}
    assert schedule.load(folder, given) == Schedule("/other", "03:00", "7d", 0)
    assert schedule.key(folder, {}) == "access:secret"
    assert schedule.key(folder, {"DARKROOM_BACKUP_KEY": "a:b"}) == "a:b"
    assert (folder.path / "secrets.json").stat().st_mode & 0o077 == 0
    schedule.record(folder, None, None)
    assert (schedule.load(folder, {}), schedule.key(folder, {})) == (None, None)


@pytest.mark.pure
@pytest.mark.parametrize(
    "bad", [{"AT": "25:00"}, {"AT": "2"}, {"KEEP": "some"}, {"DRILL_DAYS": "-1"}, {"DRILL_DAYS": "often"}]
)
def test_what_is_no_schedule_is_refused(folder: DataFolder, bad: dict[str, str]) -> None:
    given = {f"DARKROOM_BACKUP_{name}": value for name, value in bad.items()} | {"DARKROOM_BACKUP_TO": "/store"}
    with pytest.raises(BadSchedule):
        schedule.load(folder, given)


@pytest.fixture
def own() -> Iterator[Stack]:
    stack = Stack(DARKROOM_BACKUP_TO="", DARKROOM_BACKUP_DRILL_DAYS="0")
    stack._environment["DARKROOM_BACKUP_TO"] = str(stack.folder / "store")
    try:
        yield stack
    finally:
        stack.close()


def wait_for_backup(stack: Stack, after: str = "") -> str:
    """The stamp of the first backup that is not `after`."""
    limit = time.monotonic() + 90
    while True:
        made = stack.status()["backup"]
        if made and made["stamp"] != after:
            return str(made["stamp"])
        assert time.monotonic() < limit, (stack.data / "logs/backups.log").read_text()[-2000:]
        time.sleep(0.5)


@pytest.mark.long
def test_an_appliance_makes_them_by_itself(own: Stack) -> None:
    own.up()
    assert own.parts()["backups"]["health"] == "ok"
    stamp = wait_for_backup(own)
    listed = json.loads(own.verb("backup", "--to", str(own.folder / "store"), "--list", "--json").stdout)
    assert [one["stamp"] for one in listed["backups"]] == [stamp]
    assert own.verb("backup", "--scheduled").stdout == "nothing is due\n"


@pytest.mark.long
def test_a_recorded_one_keeps_what_its_policy_says_and_drills(own: Stack) -> None:
    store = own._environment.pop("DARKROOM_BACKUP_TO")
    own._environment.pop("DARKROOM_BACKUP_DRILL_DAYS")
    own.up()
    assert "backups" not in own.parts()
    assert own.verb("backup", "--scheduled").returncode == 2
    recorded = own.verb("backup", "--to", store, "--schedule", "02:30", "--keep", "1")
    assert (recorded.returncode, "from the next ./ops/up on" in recorded.stdout) == (0, True), recorded.stderr
    project = Project(own)
    gone = project.upload(pictures.jpeg(640, 480))
    project.ended(gone)
    first = own.verb("backup", "--to", store, "--json")
    assert first.returncode == 0
    old = json.loads(first.stdout)["stamp"]
    project.api.delete(f"/images/{gone}")
    (own.data / "backup.json").unlink()
    assert own.verb("backup", "--to", store, "--prune", "--keep", "1").returncode == 0, "there is but one"
    time.sleep(1.1)
    own.down()
    own.up()
    new = wait_for_backup(own, after=old)
    limit = time.monotonic() + 120
    while not own.status()["drill"]:
        assert time.monotonic() < limit, (own.data / "logs/backups.log").read_text()[-2000:]
        time.sleep(1)
    assert own.status()["drill"]["damaged"] == 0
    listed = json.loads(own.verb("backup", "--to", store, "--list", "--json").stdout)
    assert [one["stamp"] for one in listed["backups"]] == [new], "the policy keeps one"
    assert not list(Path(store).glob("objects/*/*")), "the deleted image's bytes went with its backup"
    assert own.verb("backup", "--schedule", "off").returncode == 0
    own.down()
    own.up()
    assert "backups" not in own.parts()


@pytest.mark.long
def test_pruning_says_first_what_it_would_do(own: Stack) -> None:
    store = own._environment.pop("DARKROOM_BACKUP_TO")
    own.up()
    stamps = []
    for number in range(3):
        made = own.verb("backup", "--to", store, "--keep", "2", "--json", *(["--yes"] if number == 2 else []))
        assert made.returncode == 0, made.stderr
        stamps.append(json.loads(made.stdout)["stamp"])
        time.sleep(1.1)
    listed = json.loads(own.verb("backup", "--to", store, "--list", "--json").stdout)["backups"]
    assert [one["stamp"] for one in listed] == stamps[1:]
    asked = own.verb("backup", "--to", store, "--prune", "--keep", "1")
    assert (asked.returncode, "would remove 1 backups" in asked.stdout) == (1, True), asked.stdout
    own.down()
    done = own.verb("backup", "--to", store, "--prune", "--keep", "1", "--yes")
    assert (done.returncode, "removed 1 backups" in done.stdout) == (0, True), "no appliance need run for that"
    own._environment["DARKROOM_BACKUP_KEEP"] = "nonsense"
    own._environment["DARKROOM_BACKUP_TO"] = store
    refused = own.verb("up", "--detach", "--port", str(own.port))
    assert (refused.returncode, "is no policy" in refused.stderr) == (1, True)
