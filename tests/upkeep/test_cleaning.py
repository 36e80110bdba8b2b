"""The daily cleaning removes what never came, and nothing that did."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as TimeOfDay
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from minio import Minio as Client
from structlog.testing import capture_logs

from appliance.config import from_environment
from appliance.errors import BadConfiguration
from appliance.ledger.database import fetch
from appliance.ledger.service import Announced
from appliance.quotas.limits import Limits
from appliance.quotas.service import set_limits
from appliance.upkeep import clock
from appliance.upkeep.cleaning import Cleaning, Rule
from storage import layout
from storage.multiparts import Multiparts
from tests.daemons.minio import ROOT, WORKER
from tests.ledger.book import PROJECT, age
from tests.upkeep.house import House

HOURS = 3600
DAYS_48 = timedelta(hours=48)
Clean = Callable[..., Cleaning]


@pytest.fixture
async def cleaning(house: House, tmp_path: Path) -> Clean:
    """Makes cleanings that have never been done before."""
    await fetch("TRUNCATE ledger.cleanings")

    def made(old: timedelta = DAYS_48) -> Cleaning:
        rule = Rule(TimeOfDay(0, 0), UTC, old)
        return Cleaning(house.ledger, house.worker, Multiparts(house.minio.url, *WORKER), tmp_path, lambda: rule)

    return made


async def abandoned(house: House, hours: float) -> UUID:
    asset = await house.book.slot()
    await house.ledger.expire([asset])
    await age(asset, hours * HOURS)
    return asset


async def told() -> list[tuple[int, int, int]]:
    rows = await fetch("SELECT uploads, multiparts, files FROM ledger.cleanings ORDER BY began_at")
    return [(row["uploads"], row["multiparts"], row["files"]) for row in rows]


async def test_uploads_that_never_came_go_after_48_hours_and_are_named_in_the_log(
    house: House, cleaning: Clean
) -> None:
    old, young = await abandoned(house, 48.1), await abandoned(house, 47.9)
    others = {state: await house.book.asset_in(state) for state in ("init", "uploaded", "processing", "done", "error")}
    for asset in others.values():
        await age(asset, 100 * HOURS)
    with capture_logs() as logs:
        assert await cleaning().clean()
    assert await house.book.state(old) == "deleting"
    assert await house.book.state(young) == "expired"
    assert {state: await house.book.state(asset) for state, asset in others.items()} == {
        state: state for state in others
    }
    assert [entry["asset"] for entry in logs if entry["event"] == "abandoned upload removed"] == [str(old)]
    assert [event["type"] for event in await house.book.events() if event["asset"] == old] == [
        "state",
        "state",
        "deleted",
    ]
    assert await told() == [(1, 0, 0)]


async def test_many_go_in_one_cleaning(house: House, cleaning: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.upkeep.cleaning.PAGE", 3)
    for _ in range(8):
        await abandoned(house, 50)
    await cleaning().clean()
    assert await told() == [(8, 0, 0)]


async def test_what_storage_acknowledged_is_taken_in_and_not_removed(house: House, cleaning: Clean) -> None:
    """Its bytes came after the last look: nobody would ever have found them."""
    asset = await abandoned(house, 50)
    await fetch("UPDATE ledger.assets SET check_at = NULL WHERE id = $1", asset)
    house.put_original(asset, b"late")
    await cleaning().clean()
    row = await house.book.row(asset)
    assert row["state"] == "expired"
    assert row["check_at"] is not None
    assert await told() == [(0, 0, 0)]


async def test_nothing_is_removed_while_storage_is_degraded(house: House, cleaning: Clean) -> None:
    asset = await abandoned(house, 50)
    lost = house.minio.drives[:2]
    for drive in lost:
        drive.rename(drive.with_suffix(".lost"))
        drive.write_bytes(b"")
    try:
        await unwhole(house)
        await cleaning().clean()
        assert await house.book.state(asset) == "expired"
        assert await told() == []
    finally:
        for drive in lost:
            drive.unlink()
            drive.with_suffix(".lost").rename(drive)
        house.minio.daemon.stop()
        house.minio.daemon.start()
    assert await cleaning().clean()
    assert await told() == [(1, 0, 0)]


async def unwhole(house: House) -> None:
    limit = time.monotonic() + 20
    while house.worker.whole():
        assert time.monotonic() < limit
        await asyncio.sleep(0.2)


def begin(house: House, key: str) -> str:
    client = Client(house.minio.url.removeprefix("http://"), *ROOT, secure=False, region="us-east-1")
    upload = client._create_multipart_upload(layout.ORIGINALS, key, {})
    client._upload_part(layout.ORIGINALS, key, b"x" * 1000, None, upload, 1)
    return str(upload)


async def test_parts_of_an_upload_that_can_be_gone_on_with_stay(house: House, cleaning: Clean) -> None:
    said = Announced(1000, None, 8 << 20)
    kind = ("images", "image", "images", "file")
    slot = await house.ledger.open_slot("projects", PROJECT, *kind, "a.jpg", 7 * 24 * HOURS, announced=said)
    assert slot is not None
    key = layout.original_key("projects", PROJECT, "images", slot.id)
    begin(house, key)
    await asyncio.sleep(1.1)
    await cleaning(timedelta(seconds=1)).clean()
    assert await told() == [(0, 0, 0)]
    multiparts = Multiparts(house.minio.url, *WORKER)
    assert [multiparts.abort(layout.ORIGINALS, one) for one in multiparts.unfinished(layout.ORIGINALS, key)] == [True]


async def test_what_was_cancelled_goes_whatever_came_of_it(house: House, cleaning: Clean) -> None:
    asset = await house.book.slot()
    await house.ledger.cancel(asset)
    await age(asset, 50 * HOURS)
    house.put_original(asset, b"late")
    await cleaning().clean()
    assert await house.book.state(asset) == "deleting"
    assert await told() == [(1, 0, 0)]


async def test_uploads_in_parts_that_were_never_ended_go(house: House, cleaning: Clean) -> None:
    asset, multiparts = await house.book.slot(), Multiparts(house.minio.url, *WORKER)
    key = layout.original_key("projects", PROJECT, "images", asset)
    begin(house, key)
    await cleaning(timedelta(hours=1)).clean()
    assert len(multiparts.unfinished(layout.ORIGINALS)) == 1
    await fetch("TRUNCATE ledger.cleanings")
    await asyncio.sleep(1.1)
    with capture_logs() as logs:
        await cleaning(timedelta(seconds=1)).clean()
    assert multiparts.unfinished(layout.ORIGINALS, key) == []
    named = [entry for entry in logs if entry["event"] == "unfinished upload in parts removed"]
    assert [entry["asset"] for entry in named] == [str(asset)]
    assert await told() == [(0, 1, 0)]


async def test_parts_of_an_abandoned_upload_go_with_it_though_the_server_was_started_since(
    house: House, cleaning: Clean
) -> None:
    asset, multiparts = await abandoned(house, 1), Multiparts(house.minio.url, *WORKER)
    key = layout.original_key("projects", PROJECT, "images", asset)
    begin(house, key)
    house.minio.daemon.stop()
    house.minio.daemon.start()
    assert multiparts.unfinished(layout.ORIGINALS) == []  # it has forgotten, but for who knows the key
    assert len(multiparts.unfinished(layout.ORIGINALS, key)) == 1
    await asyncio.sleep(1.1)
    await cleaning(timedelta(seconds=1)).clean()
    assert multiparts.unfinished(layout.ORIGINALS, key) == []
    assert await told() == [(1, 1, 0)]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


async def test_temporary_files_go_and_nothing_else_of_the_data_folder(
    house: House, cleaning: Clean, tmp_path: Path
) -> None:
    for name in ("state.json.17.new", "pw-abc", "young.new", "secrets.json", "folder.new/x", "sub/y.new"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        old = time.time() - 49 * HOURS
        if name != "young.new":
            os.utime(path, (old, old))
    (tmp_path / "link.new").symlink_to(tmp_path / "secrets.json")
    os.utime(tmp_path / "link.new", (0, 0), follow_symlinks=False)
    with capture_logs() as logs:
        await cleaning().clean()
    assert files(tmp_path) == {"young.new", "secrets.json", "folder.new/x", "sub/y.new", "link.new"}
    assert {entry.get("name") for entry in logs} >= {"state.json.17.new", "pw-abc"}
    assert await told() == [(0, 0, 2)]


async def test_once_a_day_and_again_after_the_next_midnight(house: House, cleaning: Clean) -> None:
    job = cleaning()
    assert await job.clean()
    assert not await job.clean()
    assert not await cleaning().clean()  # whoever takes over knows
    await fetch("UPDATE ledger.cleanings SET began_at = began_at - interval '1 day'")
    assert await job.clean()


async def test_one_that_ends_after_midnight_is_the_old_days(
    house: House, cleaning: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the new day would have none."""
    asset = await abandoned(house, 50)
    [before] = await fetch("SELECT now() AS at")
    slow, called = Multiparts.unfinished, list[datetime]()

    def slowly(multiparts: Multiparts, bucket: str, key: str = "") -> Any:
        called.append(datetime.now(UTC))
        time.sleep(0.3)
        return slow(multiparts, bucket, key)

    monkeypatch.setattr(Multiparts, "unfinished", slowly)
    await cleaning().clean()
    assert await house.book.state(asset) == "deleting"
    [row] = await fetch("SELECT began_at, now() AS ended_at FROM ledger.cleanings")
    assert before["at"] <= row["began_at"] <= called[0]
    assert row["ended_at"] - row["began_at"] > timedelta(seconds=0.3)


async def test_usage_of_who_has_nothing_is_forgotten(house: House, cleaning: Clean) -> None:
    await set_limits("project", "gone", Limits())
    await cleaning().clean()
    assert await fetch("SELECT FROM ledger.usage WHERE id = 'gone'") == []


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.pure
@pytest.mark.parametrize(
    ("now", "at", "zone", "expected"),
    [
        ("2026-11-21T22:59:59", "00:00", BERLIN, "2026-11-20T23:00:00"),
        ("2026-11-21T23:00:00", "00:00", BERLIN, "2026-11-21T23:00:00"),
        ("2026-07-01T21:59:59", "00:00", BERLIN, "2026-06-30T22:00:00"),
        ("2026-07-01T22:00:00", "00:00", BERLIN, "2026-07-01T22:00:00"),
        ("2026-07-01T12:00:00", "03:30", BERLIN, "2026-07-01T01:30:00"),
        ("2026-07-01T01:00:00", "03:30", BERLIN, "2026-06-30T01:30:00"),
        ("2026-03-29T12:00:00", "02:30", BERLIN, "2026-03-29T01:30:00"),  # a time that this day does not have
        ("2026-10-25T12:00:00", "02:30", BERLIN, "2026-10-25T00:30:00"),  # and one that it has twice
        ("2026-11-21T12:00:00", "00:00", ZoneInfo("Pacific/Kiritimati"), "2026-11-21T10:00:00"),
        ("2026-11-21T09:00:00", "00:00", ZoneInfo("Pacific/Kiritimati"), "2026-11-20T10:00:00"),
        ("2026-11-21T11:00:00", "00:00", ZoneInfo("Pacific/Pago_Pago"), "2026-11-21T11:00:00"),
    ],
)
def test_midnight_is_the_operators(now: str, at: str, zone: ZoneInfo, expected: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert clock.last_due(moment, clock.time_of_day(at), zone).isoformat() == f"{expected}+00:00"


@pytest.mark.pure
def test_without_a_zone_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for now in ("2026-11-21T22:59:59+00:00", "2026-07-01T21:59:59+00:00"):
            moment = datetime.fromisoformat(now)
            expected = clock.last_due(moment, TimeOfDay(0, 0), BERLIN)
            assert clock.last_due(moment, TimeOfDay(0, 0), None) == expected
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.pure
@pytest.mark.parametrize(
    "settings",
    [{"DARKROOM_TIMEZONE": "Europe/Nowhere"}, {"DARKROOM_TIMEZONE": "../etc"}, {"DARKROOM_CLEAN_AT": "25:00"}],
)
def test_a_rule_that_cannot_be_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(BadConfiguration, match=next(iter(settings))):
        Rule.of(from_environment(settings))
