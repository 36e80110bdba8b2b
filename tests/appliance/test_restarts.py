"""Each part is killed in the middle of 50 uploads, and all 50 are done at the end."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import httpx
import pytest

from ops.uploading.client import Client
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.stack import Stack

COUNT = 50
PARTS = ("api", "intake", "worker-images-1", "valkey", "postgres", "storage", "edge")
PHOTO = pictures.jpeg(1000, 750)


@pytest.fixture(scope="module")
def short_leases() -> Iterator[Stack]:
    """An appliance that takes a dead worker's job back after 5 seconds instead of 30."""
    stack = Stack(DARKROOM_LEASE_SECONDS="5")
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


async def send_all(project: Project, sent: list[str]) -> None:
    """Sends the photos by the example client, whose patience is what a client is asked for."""

    async def bearer() -> str:
        return project.token

    async def body() -> AsyncIterator[bytes]:
        yield PHOTO

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        client = Client(session, project.stack.url, project.id, bearer)
        turns = asyncio.Semaphore(4)

        async def one() -> None:
            async with turns:
                link = await client.link("photo.jpg")
                await client.send_bytes(link, "photo.jpg", body, len(PHOTO))
                sent.append(link.image_id)

        await asyncio.gather(*(one() for _ in range(COUNT)))


@pytest.fixture(autouse=True)
def well(short_leases: Stack) -> None:
    """Each test begins with all parts well, whatever the one before did to them."""
    short_leases.wait_well()


@pytest.mark.parametrize("part", PARTS)
def test_part_killed_in_the_middle(short_leases: Stack, part: str) -> None:
    project, sent = Project(short_leases), []
    sending = threading.Thread(target=lambda: asyncio.run(send_all(project, sent)))
    sending.start()
    wait_for(lambda: len(sent) > COUNT // 4)
    short_leases.kill(part, signal.SIGKILL)
    sending.join(120)
    assert len(sent) == COUNT
    short_leases.wait_well()
    wait_for(lambda: len(states(project, "done")) == COUNT, 90)
    assert set(states(project, "done")) == set(sent)
    told = project.events()
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert sum(event["state"] == "done" for event in told) == COUNT


def states(project: Project, state: str) -> list[str]:
    """The images in one state; none while the API is away."""
    answer = project.api.get(f"/projects/{project.id}/images", params={"state": state, "limit": 200})
    return [image["image_id"] for image in answer.json()["images"]] if answer.status_code == 200 else []


def test_listener_misses_nothing_while_parts_restart(short_leases: Stack) -> None:
    """A client that reconnects with its cursor hears every event once, whatever was restarted."""
    project, sent, heard = Project(short_leases), [], []

    async def listen() -> None:
        async def bearer() -> str:
            return project.token

        async with aiohttp.ClientSession() as session:
            client = Client(session, project.stack.url, project.id, bearer)
            async for event in client.events("0"):
                heard.append(event)
                if sum(e["state"] == "done" for e in heard) == COUNT:
                    return

    listening = threading.Thread(target=lambda: asyncio.run(asyncio.wait_for(listen(), 120)))
    listening.start()
    sending = threading.Thread(target=lambda: asyncio.run(send_all(project, sent)))
    sending.start()
    for part in ("api", "valkey", "edge"):
        time.sleep(1.5)
        short_leases.kill(part, signal.SIGKILL)
    sending.join(120)
    listening.join(120)
    assert [event["seq"] for event in heard] == list(range(1, len(heard) + 1))
    assert sum(event["state"] == "done" for event in heard) == COUNT


def test_ready_names_what_hangs_and_recovers(short_leases: Stack) -> None:
    for part in ("valkey", "storage"):
        pid = short_leases.kill(part, signal.SIGSTOP)
        try:
            answer = wait_for(lambda: (a := httpx.get(f"{short_leases.url}/readyz")).status_code == 503 and a)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert answer.headers["retry-after"]
        assert [name for name, health in answer.json()["parts"].items() if health != "ok"] == [part]
        wait_for(lambda: httpx.get(f"{short_leases.url}/readyz").status_code == 200)


def test_while_postgres_is_away_the_answer_is_503_with_retry_after(short_leases: Stack) -> None:
    project = Project(short_leases)
    body = {"filename": "a.jpg", "project_id": project.id}
    short_leases.kill("postgres", signal.SIGKILL)
    answers: list[httpx.Response] = []

    def asked() -> bool:
        """Asks once more; true when it has been away and is back."""
        answers.append(project.api.post("/images/", json=body))
        codes = [answer.status_code for answer in answers]
        return 503 in codes and codes[-1] == 201

    wait_for(asked)
    assert {answer.status_code for answer in answers} == {201, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.headers["retry-after"]
            assert answer.headers["content-type"].startswith("application/problem+json")
