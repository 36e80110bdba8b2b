"""Slow and broken connections between the parts: nothing is lost, and nobody waits for ever."""

import time
from collections.abc import Callable

import pytest

from tests.faults.links import LINKS, Linked
from tests.faults.trial import Trial

LATENCY = 0.03


@pytest.mark.long
def test_slow_and_reset(linked: Linked, begin: Callable[..., Trial]) -> None:
    trial = begin(linked.stack, "slow connections that are reset", linked.behind, linked.url)
    load = trial.uploads(30, 8)
    load.wait(1)
    for relay in linked.relays.values():
        relay.latency = LATENCY
    resets = 0
    for _ in range(6):
        time.sleep(trial.chance.uniform(0, 1.5))
        resets += linked.relays[trial.chance.choice(LINKS)].reset()
    for relay in linked.relays.values():
        relay.latency = 0
    trial.over()
    trial.end(f"{LATENCY * 1000:.0f} ms each way to the edge, Postgres, Valkey and storage, {resets} connections reset")
    assert resets


@pytest.mark.long
@pytest.mark.parametrize("link", LINKS)
def test_reset_again_and_again(linked: Linked, begin: Callable[..., Trial], link: str) -> None:
    trial = begin(linked.stack, f"resets to {link}", linked.behind, linked.url)
    load = trial.uploads(100, 40)
    load.wait(1)
    resets = 0
    for _ in range(40):
        time.sleep(trial.chance.uniform(0, 2))
        resets += linked.relays[link].reset()
    trial.over()
    trial.end(f"{resets} connections reset at 40 random moments")
    assert resets >= 20


@pytest.mark.parametrize(
    "link", [*(pytest.param(link, marks=pytest.mark.long) for link in ("edge", "storage", "postgres")), "valkey"]
)
def test_half_open(linked: Linked, begin: Callable[..., Trial], link: str) -> None:
    """The other side is gone and nobody was told, as behind a router that forgot the connections. That to Valkey is the
    last, since the storage server waits for it for ever: from then on there are no notifications, only the sweep.
    """
    trial = begin(linked.stack, f"half-open connections to {link}", linked.behind, linked.url)
    trial.settled_within = 90  # a statement is waited for for 30 s before its connection is given up
    load = trial.uploads(15, 4)
    load.wait(2)
    time.sleep(trial.chance.uniform(0, 1))
    silent = linked.relays[link].half_open()
    trial.over()
    trial.end(f"{silent} connections went silent for good in the middle of work")
    assert silent
