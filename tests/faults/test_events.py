"""Storage's notifications are dropped, doubled ten times, or come in any order: one set of versions all the same."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.appliance.client import wait_for
from tests.faults.parts import frozen, pid
from tests.faults.trial import Trial
from tests.stack import Stack

INBOX, TAKEN = "darkroom:arrivals", "darkroom:arrivals:taken"
QUIET = 4.0
"""Seconds after which both notifications of an upload are in the list: the slower of the two takes up to 3."""


def dropped(elements: list[bytes], trial: Trial) -> list[bytes]:
    return []


def doubled(elements: list[bytes], trial: Trial) -> list[bytes]:
    return [element for element in elements for _ in range(10)]


def shuffled(elements: list[bytes], trial: Trial) -> list[bytes]:
    return trial.chance.sample(elements, len(elements))


@pytest.mark.parametrize(
    "change", [dropped, *(pytest.param(one, marks=pytest.mark.long) for one in (doubled, shuffled))]
)
@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.long)])
def test_notifications(mortal: Stack, begin: Callable[..., Trial], change: Any, count: int) -> None:
    trial = begin(mortal, f"notifications {change.__name__}")
    valkey = trial.behind.valkey()
    with frozen(pid(mortal, "intake")):
        load = trial.uploads(count)
        load.join()
        wait_for(lambda: valkey.llen(TAKEN) + valkey.llen(INBOX) >= count)
        time.sleep(QUIET)
        elements = valkey.lrange(TAKEN, 0, -1) + valkey.lrange(INBOX, 0, -1)
        assert len(elements) >= count
        valkey.delete(INBOX, TAKEN)
        if changed := change(elements, trial):
            valkey.rpush(INBOX, *changed)
    trial.over()
    trial.end(f"{len(elements)} notifications came as {len(changed)}")
    assert trial.heal < 60
    wait_for(lambda: not valkey.llen(INBOX) and not valkey.llen(TAKEN))  # one may have come late
