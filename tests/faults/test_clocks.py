"""API, intake or workers an hour apart from storage and Postgres: said clearly, no dead link, no early expiry."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from appliance.intake import LOCK
from tests.appliance.client import wait_for
from tests.daemons.process import free_port
from tests.faults.clock import twin
from tests.faults.parts import WORKERS, frozen, pid
from tests.faults.trial import Trial
from tests.stack import Stack

HOUR = ["+3600", "-3600"]
AHEAD_OR_BEHIND = ["+3600", pytest.param("-3600", marks=pytest.mark.long)]


@contextmanager
def api(stack: Stack, clock: str) -> Iterator[str]:
    """The address of a second API by another clock."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with twin(stack, "api", clock, DARKROOM_API_PORT=str(port), DARKROOM_API_WORKERS="1"):
        wait_for(lambda: _answers(url), 30)
        yield url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("clock", AHEAD_OR_BEHIND)
def test_api_an_hour_apart_says_so_and_hands_out_nothing(
    mortal: Stack, begin: Callable[..., Trial], clock: str
) -> None:
    trial = begin(mortal, f"an API by a clock {clock} s off")
    load = trial.uploads(10, 2)
    load.join()
    project, rows = trial.project, trial.behind.sql("SELECT count(*) FROM ledger.assets")
    with api(mortal, clock) as url:
        ready = httpx.get(f"{url}/readyz")
        authorization = {"Authorization": f"Bearer {project.token}"}
        refused = [
            httpx.post(f"{url}/images/", json={"filename": "a.jpg", "project_id": project.id}, headers=authorization),
            httpx.get(f"{url}/projects/{project.id}/images", headers=authorization),
            httpx.get(f"{url}/projects/{project.id}/events?after=0", headers=authorization),
            httpx.post(f"{url}/tokens", json={"project_id": project.id}, headers=project.server.headers),
        ]
        figures = httpx.get(f"{url}/metrics", headers=project.server.headers)
    trial.over()
    trial.end("asked for links, lists, events and tokens: 503 `clocks_apart` each time")
    which = "ahead of" if clock == "+3600" else "behind"
    assert ready.status_code == 503
    assert f"3600 s {which} storage" in ready.json()["parts"]["clocks"]
    assert f"{which} postgres" in ready.json()["parts"]["clocks"]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "clocks_apart"), answer.text
        assert int(answer.headers["retry-after"]) > 0
    assert figures.status_code == 200, "who looks for the fault needs the figures"
    assert trial.behind.sql("SELECT count(*) FROM ledger.assets") == rows


def test_a_clock_a_little_off_changes_nothing(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "an API by a clock 10 s off")
    with api(mortal, "+10") as url:
        answer = httpx.post(
            f"{url}/images/",
            json={"filename": "a.jpg", "project_id": trial.project.id},
            headers={"Authorization": f"Bearer {trial.project.token}"},
        )
        assert answer.status_code == 201, answer.text
        assert trial.project.send(answer.json(), b"not a picture").status_code == 201
        assert httpx.get(f"{url}/readyz").json()["parts"]["clocks"] == "ok"


def test_intake_an_hour_ahead_keeps_no_job_waiting(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "intake by a clock an hour ahead")
    with frozen(pid(mortal, "intake")):
        _free_the_lock(trial)
        with twin(mortal, "intake", "+3600"):
            load = trial.uploads(10, 2)
            load.join()
            wait_for(lambda: [row["state"] for row in _arrived(trial)] == ["done"] * 10, 20)
    trial.over()
    trial.end("10 uploads taken in and queued by it")


@pytest.mark.long
@pytest.mark.parametrize("clock", HOUR)
def test_workers_and_intake_an_hour_apart_lose_nothing(mortal: Stack, begin: Callable[..., Trial], clock: str) -> None:
    """What they can't do, because storage refuses them, is done by others later; no try is used up."""
    trial = begin(mortal, f"intake and workers by a clock {clock} s off")
    with frozen(*(pid(mortal, part) for part in (*WORKERS, "intake"))):
        _free_the_lock(trial)
        with twin(mortal, "intake", clock), twin(mortal, WORKERS[0], clock):
            load = trial.uploads(10, 2)
            load.join()
            wait_for(lambda: [(row["state"], row["tries"]) for row in _arrived(trial)] == [("processing", 3)] * 10)
    trial.over()
    assert not trial.end("10 uploads meanwhile, developed when the others woke up").errors


def _free_the_lock(trial: Trial) -> None:
    """Intake's lock in Postgres is what a frozen one holds on to."""
    held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1"
    assert trial.behind.sql(held, LOCK)


def _arrived(trial: Trial) -> list[Any]:
    query = """
    SELECT state::text AS state, tries FROM ledger.assets WHERE owner = $1 AND state NOT IN ('init', 'expired')
    """
    return trial.behind.sql(query, trial.project.id)
