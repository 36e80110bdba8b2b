"""Whatever is started first: in the end all are well, and nobody has to be started by hand again."""

import itertools
import time
from collections.abc import Callable, Sequence

import httpx
import pytest

from tests.appliance.client import wait_for
from tests.faults.byhand import ByHand
from tests.faults.invariant import told
from tests.faults.trial import Trial
from tests.stack import Stack

FOUR = ("storage", "valkey", "postgres", "api")
ORDERS = list(itertools.permutations(FOUR))
HEALTHY_WITHIN = 60.0


def started(trial: Trial, parts: ByHand, order: Sequence[str]) -> float:
    """Starts all in this order, uploads through them, ends them; the seconds until all was well."""
    for name in set(parts.units) - set(FOUR):
        parts.units[name].start()
    for name in order:
        time.sleep(trial.chance.uniform(0.2, 1))
        parts.units[name].start()
    began = time.monotonic()
    wait_for(lambda: ready(trial.stack), HEALTHY_WITHIN)
    healthy = time.monotonic() - began
    load = trial.uploads(3)
    load.join()
    wait_for(lambda: {image["state"] for image in told(trial.project).values()} == {"done"}, HEALTHY_WITHIN)
    return healthy


def ready(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [1, pytest.param(len(ORDERS), marks=pytest.mark.long)])
def test_start_orders(mortal: Stack, begin: Callable[..., Trial], count: int) -> None:
    trial = begin(mortal, "start orders of storage, Valkey, Postgres and API")
    # Without what it needs, everything else is started first.
    orders = [("api", "storage", "valkey", "postgres"), *trial.chance.sample(ORDERS, count - 1)][:count]
    orders = ORDERS if count == len(ORDERS) else orders
    parts = ByHand(mortal)
    try:
        slowest = 0.0
        for order in orders:
            try:
                slowest = max(slowest, started(trial, parts, order))
            finally:
                parts.end()
    finally:
        mortal.up()
    trial.over()
    trial.heal = slowest
    done = f"{len(orders)} orders, the other parts before them; the slowest order was well after this time"
    assert trial.end(done).holds
