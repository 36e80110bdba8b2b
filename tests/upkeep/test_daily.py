"""The daily verification: which days it takes, where it goes on, and what it leaves for others to read."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from appliance.ledger.database import fetch, fetch_one
from appliance.upkeep import scope
from appliance.upkeep.daily import PARTS, RECENT_DAYS, Daily
from ops import verification
from storage import layout
from tests.upkeep.house import House, day

AGE = "UPDATE ledger.verification SET began_at = began_at - interval '1 day', ended_at = ended_at - interval '1 day'"


async def days_of_run() -> list[date]:
    row = await fetch_one("SELECT days FROM ledger.verification")
    assert row is not None
    return list(row["days"])


async def state(database_url: str) -> dict[str, Any]:
    told = await verification.state(database_url)
    assert told is not None
    return told


async def test_it_takes_the_last_48_hours_and_a_part_of_the_older_days_once_a_day(house: House) -> None:
    await house.done(days_ago=59)
    daily = Daily(house.ledger, house.worker, 0)
    assert await daily.verify()
    recent = [day(ago) for ago in reversed(range(RECENT_DAYS))]
    older = -(-57 // PARTS)
    assert await days_of_run() == [day(59 - n) for n in range(older)] + recent
    assert not await daily.verify()
    await fetch(AGE)
    assert await daily.verify()
    assert await days_of_run() == [day(59 - older - n) for n in range(older)] + recent


async def test_within_28_days_every_day_has_its_turn_and_status_names_the_oldest_that_waits(
    house: House, database_url: str
) -> None:
    await house.done(days_ago=114)
    assert (await state(database_url))["oldest_unverified_day"] == day(114).isoformat()
    daily = Daily(house.ledger, house.worker, 0)
    for ran in range(PARTS):
        assert (await state(database_url))["oldest_unverified_day"], ran
        await fetch(AGE)
        assert await daily.verify()
    assert (await state(database_url))["oldest_unverified_day"] is None
    await fetch("UPDATE ledger.verified_days SET verified_at = now() - interval '31 days' WHERE day = $1", day(50))
    assert (await state(database_url))["oldest_unverified_day"] == day(50).isoformat()


async def test_a_day_that_was_only_verified_before_its_end_is_unverified(house: House, database_url: str) -> None:
    await house.done(days_ago=10)
    await Daily(house.ledger, house.worker, 0).verify()
    await fetch("UPDATE ledger.verified_days SET verified_at = now() WHERE day <= $1", day(3))
    await fetch(
        "INSERT INTO ledger.verified_days SELECT d, now(), 0 FROM generate_series($1::date, $2::date, '1 day') d "
        "ON CONFLICT DO NOTHING",
        day(10),
        day(3),
    )
    assert (await state(database_url))["oldest_unverified_day"] is None
    await fetch("UPDATE ledger.verified_days SET verified_at = day + interval '12 hours' WHERE day = $1", day(5))
    assert (await state(database_url))["oldest_unverified_day"] == day(5).isoformat()


async def test_differences_are_counted_by_day_and_nothing_is_changed(house: House, database_url: str) -> None:
    asset = await house.done(days_ago=1)
    strange = house.put_original(await house.slot(days_ago=1), b"strange")
    await fetch("DELETE FROM ledger.assets WHERE state = 'init'")
    house.root.delete_version(layout.VERSIONS, house.versions_of(asset)[0].key, "")
    await Daily(house.ledger, house.worker, 0).verify()
    rows = await fetch("SELECT day, differences FROM ledger.verified_days WHERE differences > 0")
    assert [(row["day"], row["differences"]) for row in rows] == [(day(1), 2)]
    assert (await state(database_url))["days_with_differences"] == 1
    assert await house.book.state(asset) == "done"
    assert (await house.verify()).unexplained == 1
    assert house.root.head(layout.ORIGINALS, strange.key) is not None, "it may be all there is of an upload"


async def test_what_is_left_over_of_an_asset_is_deleted_after_the_grace_time(house: House, database_url: str) -> None:
    """What a worker wrote that lost its lease, and a form that was sent again."""
    asset = await house.done(days_ago=1)
    house.put_version(asset, "thumb", b"by a worker that lost its lease")
    house.put_original(asset, b"sent again")
    await Daily(house.ledger, house.worker, 3600).verify()
    assert (await house.verify()).unexplained == 2, "it is not old enough"
    await fetch(AGE)
    await Daily(house.ledger, house.worker, 0).verify()
    assert (await house.verify(deep=True)).clean, house.found
    assert await house.book.state(asset) == "done"
    assert (await state(database_url))["days_with_differences"] == 0, "nothing is left to be done"


async def test_no_more_is_deleted_in_one_run_than_has_no_cause_of_its_own(
    house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.upkeep.daily.MOST_DELETED", 2)
    asset = await house.done()
    for number in range(5):
        house.put_version(asset, "thumb", b"left over %d" % number)
    await Daily(house.ledger, house.worker, 0).verify()
    assert (await house.verify()).unexplained == 3
    assert (await state(database_url))["days_with_differences"] == 1


async def test_nothing_is_deleted_while_storage_is_not_whole(
    house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put_version(await house.done(), "thumb", b"left over")
    with monkeypatch.context() as healing:
        healing.setattr(house.worker, "whole", lambda: False)
        await Daily(house.ledger, house.worker, 0).verify()
    assert (await house.verify()).unexplained == 1
    assert (await state(database_url))["days_with_differences"] == 1


async def test_one_that_was_stopped_goes_on_where_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each owner is looked at once, though the first process was killed after two of five; no difference is lost."""
    owners = [f"owner-{n}" for n in range(5)]
    for owner in owners:
        asset = await house.done(owner=owner)
        house.root.delete_version(layout.VERSIONS, house.versions_of(asset)[0].key, "")
    seen: list[str] = []
    monkeypatch.setattr(scope, "of_days", _watched(scope.of_days, seen, stop_at=2))
    with pytest.raises(asyncio.CancelledError):
        await Daily(house.ledger, house.worker, 0).verify()
    assert seen == ["projects/owner-0/", "projects/owner-1/"]
    monkeypatch.setattr(scope, "of_days", _watched(scope.of_days.unwatched, seen, stop_at=99))  # type: ignore[attr-defined]
    assert await Daily(house.ledger, house.worker, 0).verify()
    assert seen == [f"projects/{owner}/" for owner in owners]
    row = await fetch_one("SELECT differences FROM ledger.verified_days WHERE day = $1", day(0))
    assert row is not None
    assert row["differences"] == 5


def _watched(of_days: Callable[..., Awaitable[Any]], seen: list[str], stop_at: int) -> Callable[..., Awaitable[Any]]:
    """`of_days` that notes whose turn it is, and is killed after so many."""

    async def noting(objects: Any, owner: Any, days: Any) -> Any:
        if len(seen) == stop_at:
            raise asyncio.CancelledError
        stretches = await of_days(objects, owner, days)
        if any(stretch.bucket == layout.ORIGINALS for stretch in stretches) and owner.owner.startswith("owner-"):
            seen.append(owner.prefix)
        return stretches

    noting.unwatched = of_days  # type: ignore[attr-defined]
    return noting


async def test_a_database_that_is_away_is_no_answer() -> None:
    assert await verification.state("postgresql://nobody:x@127.0.0.1:1/none") is None
