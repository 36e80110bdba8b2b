"""Requests a minute: counted for all API processes together, answered with when to come back."""

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from appliance.quotas.limits import Limits
from appliance.quotas.requests import Requests
from appliance.valkey import quick
from tests.appliance.client import Project
from tests.daemons.process import free_port
from tests.quotas.conftest import Connect
from tests.stack import Stack

MOST = 20


def test_a_project_is_answered_so_often_a_minute_by_all_processes_together(project: Project, connect: Connect) -> None:
    project.server.put(f"/projects/{project.id}/limits", json={"requests": MOST})
    client = connect(project)
    with ThreadPoolExecutor(30) as many:
        answers = list(many.map(lambda _: client.get(f"/projects/{project.id}"), range(60)))
    assert Counter(answer.status_code for answer in answers) == {200: MOST, 429: 60 - MOST}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert project.server.get(f"/projects/{project.id}").status_code == 200


@pytest.mark.long
def test_strangers_are_counted_by_their_address() -> None:
    """Guessing at tokens and codes ends at the address's limit; who has a key is let in from there all the same."""
    stack = Stack(DARKROOM_ADDRESS_REQUESTS=str(MOST))
    try:
        stack.up()
        tried = [httpx.get(f"{stack.url}/projects/", headers={"Authorization": "Bearer no"}) for _ in range(MOST - 1)]
        tried += [httpx.post(f"{stack.url}/login", json={"code": "no"}) for _ in range(3)]
        assert [answer.status_code for answer in tried] == [401] * MOST + [429] * 2
        mine = httpx.get(f"{stack.url}/projects/", headers={"Authorization": f"Bearer {stack.key}"})
        assert mine.status_code == 200
        assert stack.verb("status").returncode == 0
    finally:
        stack.close()


async def test_while_valkey_is_away_requests_are_let_through_and_do_not_wait_for_it() -> None:
    one = Requests(
        quick(f"redis://127.0.0.1:{free_port()}"), lambda: {scope: Limits(1, 1, 1, 1) for scope in ("user", "address")}
    )
    started = time.monotonic()
    await asyncio.gather(*(one.admit(None, "alice", "a1") for _ in range(50)))
    for _ in range(50):
        await one.admit(None, "alice", "a1")
    assert time.monotonic() - started < 2
