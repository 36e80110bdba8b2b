"""What hangs instead of dying: it is named, the others go on, and it does no harm when it wakes up."""

import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from tests.appliance.client import wait_for
from tests.faults.parts import WORKERS, frozen, pid
from tests.faults.trial import Trial
from tests.stack import Stack


def decoders(stack: Stack) -> list[int]:
    """The processes in which the workers decode, without what keeps their namespaces."""
    children = (child for name in WORKERS for child in psutil.Process(pid(stack, name)).children(recursive=True))
    return [child.pid for child in children if "bwrap" not in child.name()]


def ready(stack: Stack) -> httpx.Response:
    return httpx.get(f"{stack.url}/readyz", timeout=15)


def test_ready_names_what_hangs(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "Valkey hangs, then storage")
    load = trial.uploads(20, 4)
    load.wait(1)
    answers = {}
    for part in ("valkey", "storage"):
        with frozen(pid(mortal, part)):
            answers[part] = wait_for(lambda: (a := ready(mortal)).status_code == 503 and a)
        wait_for(lambda: ready(mortal).status_code == 200)
    trial.over()
    trial.end("stopped until /readyz said so")
    for part, answer in answers.items():
        assert int(answer.headers["retry-after"]) > 0
        assert [name for name, health in answer.json()["parts"].items() if health != "ok"] == [part]


def test_decoder_hangs(mortal: Stack, begin: Callable[..., Trial]) -> None:
    """A file that makes its decoder hang ends as an error; those behind it are developed."""
    trial = begin(mortal, "a job that hangs")
    hanging = decoders(mortal)
    with frozen(*hanging):
        load = trial.uploads(20)
        load.join()
        wait_for(lambda: not any(psutil.pid_exists(one) for one in hanging))
    trial.over()
    trial.end(f"{len(hanging)} decoders stopped for good", errors={"too_slow": len(hanging)})


@pytest.mark.long
def test_worker_hangs_and_wakes_up(mortal: Stack, begin: Callable[..., Trial]) -> None:
    """Its jobs are taken over; what it finishes after that counts for nothing."""
    trial = begin(mortal, "a worker that hangs, and wakes up later")
    load = trial.uploads(30)
    load.wait(1)
    with frozen(pid(mortal, WORKERS[0])):
        load.join()
        wait_for(lambda: all(s in ("done", "error") for s in _states(trial)), 40)
        taken_over = time.monotonic()
    trial.over()
    assert time.monotonic() - taken_over < 10
    trial.end("stopped until another one had done its jobs")


def _states(trial: Trial) -> list[str]:
    rows = trial.behind.sql("SELECT state::text AS state FROM ledger.assets WHERE owner = $1", trial.project.id)
    return [row["state"] for row in rows]
