"""Drives are taken away, or full: links are refused before they are handed out, and nothing is lost."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.appliance.client import wait_for
from tests.faults.trial import Trial
from tests.faults.uploads import AT_ONCE
from tests.faults.volume import Volume
from tests.stack import Stack


@contextmanager
def taken_away(stack: Stack, count: int) -> Iterator[None]:
    """So many drives fail while the block runs: a file is where each folder was."""
    places = [stack.data / "drives" / str(number) for number in range(1, count + 1)]
    for place in places:
        place.rename(place.with_suffix(".away"))
        place.write_text("broken")
    try:
        yield
    finally:
        for place in places:
            place.unlink()
            place.with_suffix(".away").rename(place)


def ask(trial: Trial) -> httpx.Response:
    return trial.project.api.post("/images/", json={"filename": "a.jpg", "project_id": trial.project.id})


def test_no_write_quorum(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "storage without write quorum")
    load = trial.uploads(20, 6)
    load.wait(3)
    with taken_away(mortal, 2):
        # The server looks at its drives once a second.
        wait_for(lambda: ask(trial).status_code == 503, 10)
        time.sleep(2)
        slots = trial.behind.sql("SELECT count(*) FROM ledger.assets")
        refused = [ask(trial) for _ in range(10)]
        assert trial.behind.sql("SELECT count(*) FROM ledger.assets") == slots, "slots were used up"
        shown = trial.project.api.get(f"/projects/{trial.project.id}/images")
    trial.over()
    trial.end("2 of 4 drives taken away, links asked for meanwhile, drives given back", left_over=AT_ONCE)
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert shown.status_code == 200, "what is there can be looked at"


@pytest.mark.root
def test_disk_full(brittle: tuple[Stack, Volume], begin: Callable[..., Trial]) -> None:
    stack, volume = brittle
    trial = begin(stack, "disk full")
    load = trial.uploads(30, 10)
    load.wait(3)
    answers: Counter[int] = Counter()
    volume.fill()
    try:
        limit = time.monotonic() + 8
        while time.monotonic() < limit:
            answers[ask(trial).status_code] += 1
            time.sleep(0.2)
    finally:
        volume.free()
    trial.over()
    trial.end("drives, ledger and queue on one file system without a free byte, for 8 s", left_over=AT_ONCE)
    assert set(answers) <= {201, 503, 507}, answers
    assert answers[503] + answers[507], "nobody was told"
