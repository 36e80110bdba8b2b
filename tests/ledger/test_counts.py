"""Counts on their way to Valkey: none is lost by the way, and what the sweep found is told apart."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis.exceptions import RedisError

from appliance import metrics
from appliance.ledger import sweep
from appliance.ledger.database import fetch
from appliance.ledger.inbox import INBOX
from appliance.valkey import quick
from tests.daemons.process import free_port
from tests.ledger.book import Book
from tests.ledger.intake import Intake


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    metrics._pending.clear()
    yield
    metrics._pending.clear()


def total(intake: Intake, name: str, **labels: str) -> float:
    """What Valkey holds of a series."""
    held: Any = intake.valkey.hget(metrics.COUNTS, metrics.encoded(name, labels))
    return float(held or 0)


async def found_by_the_sweep(intake: Intake, count: int) -> None:
    """So many uploads of which no notification tells."""
    await intake.uploads(count)
    intake.valkey.delete(INBOX, metrics.COUNTS)
    await fetch("UPDATE ledger.assets SET check_at = now() WHERE state = 'init'")
    assert await intake.sweep.find() == count
    await metrics.publish(quick(intake.url))


async def test_what_the_sweep_found_early_is_not_called_lost(intake: Intake, book: Book) -> None:
    await found_by_the_sweep(intake, 3)
    assert total(intake, "uploads", signal="sweep") == 3
    assert total(intake, "lost_notifications") == 0


async def test_what_it_found_late_is(intake: Intake, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "TOLD_WITHIN", timedelta(seconds=-5))
    await found_by_the_sweep(intake, 3)
    assert total(intake, "lost_notifications") == 3


async def test_what_notifications_told_is_counted_once(intake: Intake, book: Book) -> None:
    intake.valkey.delete(metrics.COUNTS)
    assets = await intake.uploads(2)
    await intake.notified(assets)
    await intake.read()
    await metrics.publish(quick(intake.url))
    assert total(intake, "uploads", signal="notification") == 2
    assert total(intake, "uploads", signal="sweep") == 0


async def test_counts_wait_for_valkey_and_add_up(intake: Intake) -> None:
    intake.valkey.delete(metrics.COUNTS)
    metrics.count("gave_up", 2)
    with pytest.raises(RedisError):
        await metrics.publish(quick(f"redis://127.0.0.1:{free_port()}"))
    metrics.count("gave_up")
    for _ in range(2):
        await metrics.publish(quick(intake.url))
    assert total(intake, "gave_up") == 3
    metrics.count("gave_up", 4)
    await metrics.publish(quick(intake.url))
    assert total(intake, "gave_up") == 7, "a second process adds to what the first one told"


@pytest.mark.pure
def test_a_series_that_nobody_declared_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        metrics.count("no_such_thing")
    with pytest.raises(AssertionError):
        metrics.count("uploads", 1, colour="red")
