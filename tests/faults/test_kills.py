"""kill -9 of each part at random moments of uploads."""

import time
from collections.abc import Callable

import pytest

from tests.faults.listener import Listener
from tests.faults.parts import kill
from tests.faults.trial import Trial
from tests.faults.uploads import AT_ONCE
from tests.stack import Stack

PARTS = ("storage", "valkey", "postgres", "api", "intake", "worker-images-1", "edge", "webhooks")
WRITING = ("storage", "worker-images-1")
"""Who is killed in the middle of writing to storage."""
UPLOADS = 50
GAP = 8.0
"""Seconds between two kills, at most: a part that has run for a while is started again at once."""


def test_each_part_killed_once(mortal: Stack, begin: Callable[..., Trial]) -> None:
    """Meanwhile a client that comes back with its cursor hears every event once, whatever was killed on its way."""
    trial = begin(mortal, "kill -9 of each part, one after the other")
    listener = Listener(trial.project, UPLOADS)
    load = trial.uploads(UPLOADS, 12)
    order = trial.chance.sample(PARTS, len(PARTS))
    load.wait(2)
    for part in order:
        time.sleep(trial.chance.uniform(0, 2))
        kill(mortal, part)
    trial.over()
    trial.end(f"{len(order)} kills: {', '.join(order)}", left_over=AT_ONCE)
    listener.join()
    numbers = [event["seq"] for event in listener.heard]
    assert numbers == list(range(1, len(numbers) + 1))
    done = [event["image_id"] for event in listener.heard if event["state"] == "done"]
    assert len(done) == len(set(done)) == UPLOADS


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", PARTS)
def test_part_killed_again_and_again(mortal: Stack, begin: Callable[..., Trial], part: str) -> None:
    trial = begin(mortal, f"kill -9 of {part}")
    kills = 20
    load = trial.uploads(100, kills * GAP / 2)
    load.wait(1)
    for _ in range(kills):
        time.sleep(trial.chance.uniform(0, GAP))
        kill(mortal, part)
    trial.over()
    left_over = kills * AT_ONCE if part in WRITING else 0
    assert trial.end(f"{kills} kills within {kills * GAP / 2:.0f} s and more", left_over).holds
