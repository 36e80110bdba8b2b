"""The ledger is away: 503 with Retry-After, and nothing half done."""

import time
from collections.abc import Callable

import httpx

from tests.faults.parts import kept_down
from tests.faults.trial import Trial
from tests.stack import Stack

AWAY = 5.0


def test_postgres_is_away(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "Postgres down")
    load = trial.uploads(40, 8)
    load.wait(2)
    time.sleep(trial.chance.uniform(0, 1))
    project = trial.project
    with kept_down(mortal, "postgres"):
        limit = time.monotonic() + AWAY
        answers = [ask() for ask in _requests(project.api, project.id)]
        time.sleep(max(0.0, limit - time.monotonic()))
        ready = httpx.get(f"{mortal.url}/readyz")
    trial.over()
    trial.end(f"kill -9 of Postgres, {AWAY:.0f} s without it")
    for answer in [*answers, ready]:
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
    for answer in answers:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] == "unavailable"
    assert ready.json()["parts"]["postgres"] == "failing"


def _requests(api: httpx.Client, project: str) -> list[Callable[[], httpx.Response]]:
    return [
        lambda: api.post("/images/", json={"filename": "a.jpg", "project_id": project}),
        lambda: api.get(f"/projects/{project}/images"),
        lambda: api.get(f"/projects/{project}/events?after=0"),
    ]
