"""Valkey is only doorbell and queue: emptied or away, at any moment, it loses nothing."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.parts import kept_down
from tests.faults.trial import Trial
from tests.stack import Stack


@pytest.mark.parametrize(
    ("flushes", "count"), [(3, 30), pytest.param(20, 100, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_flushed(mortal: Stack, begin: Callable[..., Trial], flushes: int, count: int) -> None:
    trial = begin(mortal, "FLUSHALL")
    load = trial.uploads(count, flushes * 1.2)
    load.wait(1)
    valkey = trial.behind.valkey()
    for _ in range(flushes):
        time.sleep(trial.chance.uniform(0, 2))
        valkey.flushall()
    trial.over()
    assert trial.end(f"{flushes} times at random moments").holds


@pytest.mark.long
@pytest.mark.parametrize(
    ("seconds", "count"), [(6, 30), pytest.param(60, 100, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_stopped_and_started(mortal: Stack, begin: Callable[..., Trial], seconds: int, count: int) -> None:
    trial = begin(mortal, "Valkey stopped")
    load = trial.uploads(count, seconds + 3)
    load.wait(2)
    with kept_down(mortal, "valkey", signal.SIGTERM):
        before = len(load.acknowledged)
        time.sleep(seconds)
        meanwhile = len(load.acknowledged) - before
    trial.over()
    trial.end(f"stopped for {seconds} s, {meanwhile} uploads acknowledged meanwhile")
    assert meanwhile >= count / 10, "uploads shall not wait for Valkey"
