"""API, intake or workers an hour apart from storage and Postgres: said clearly, no dead link, no early expiry."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from appliance.intake import LOCK
from ops import health
from tests.appliance.client import wait_for
from tests.daemons.process import free_port
from tests.faults.behind import behind
from tests.faults.clock import twin
from tests.faults.parts import WORKERS, frozen, pid
from tests.faults.trial import Trial
from tests.faults.uploads import photo
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
    # A second more or less: storage tells its time in whole seconds.
    assert re.search(rf"\b(3599|3600|3601) s {which} storage", ready.json()["parts"]["clocks"])
    assert f"{which} postgres" in ready.json()["parts"]["clocks"]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "clocks_apart"), answer.text
        assert int(answer.headers["retry-after"]) > 0
    assert figures.status_code == 200, "who looks for the fault needs the figures"
    assert trial.behind.sql("SELECT count(*) FROM ledger.assets") == rows


def test_a_clock_a_little_off_changes_nothing(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "an API by a clock 10 s off")
    with api(mortal, "+10") as url:
        load = trial.uploads(5)
        for number in range(5):
            answer = httpx.post(
                f"{url}/images/",
                json={"filename": "a.jpg", "project_id": trial.project.id},
                headers={"Authorization": f"Bearer {trial.project.token}"},
            )
            assert answer.status_code == 201, answer.text
            load.send_once(answer.json(), photo(f"by the other clock {number}"))
        load.join()
        assert httpx.get(f"{url}/readyz").json()["parts"]["clocks"] == "ok"
    trial.over()
    trial.end("5 uploads more by links that were asked for of it")


@pytest.mark.long
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


def clocks(stack: Stack) -> str:
    return str(httpx.get(f"{stack.url}/readyz").json()["parts"]["clocks"])


@pytest.mark.long
@pytest.mark.parametrize("clock", ["+3600", "-3600"])
def test_a_worker_an_hour_apart_is_named(mortal: Stack, begin: Callable[..., Trial], clock: str) -> None:
    trial = begin(mortal, f"a worker by a clock {clock} s off")
    with frozen(pid(mortal, WORKERS[0])), twin(mortal, WORKERS[0], clock):
        load = trial.uploads(5, 2)
        said = wait_for(lambda: (found := clocks(mortal)) != "ok" and found, 60)
        ready = httpx.get(f"{mortal.url}/readyz")
        told = wait_for(lambda: "clock" in (row := _status(mortal)) and row, 10)
        load.join()
    wait_for(lambda: clocks(mortal) == "ok", 30)
    trial.over()
    trial.end("named by readyz (503) until its clock was right again; its jobs were done by the other worker")
    which = "ahead of" if clock == "+3600" else "behind"
    assert said.startswith(f"{WORKERS[0]}: This host's clock is 3600 s {which}")
    assert ready.status_code == 503
    assert "3600 s" in told


def _status(stack: Stack) -> str:
    """What the check says that status and supervisor ask of this worker."""
    servers = behind(stack)
    beat = json.loads(servers.valkey().get(f"darkroom:health:{WORKERS[0]}") or b'{"pid": 0}')
    return asyncio.run(health.ask(health.beat(servers.valkey_url, WORKERS[0]), beat["pid"]))


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
    trial.end("10 uploads meanwhile, developed when the others woke up")


def _free_the_lock(trial: Trial) -> None:
    """Intake's lock in Postgres is what a frozen one holds on to."""
    held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1"
    assert trial.behind.sql(held, LOCK)


def _arrived(trial: Trial) -> list[Any]:
    query = """
    SELECT state::text AS state, tries FROM ledger.assets WHERE owner = $1 AND state NOT IN ('init', 'expired')
    """
    return trial.behind.sql(query, trial.project.id)
