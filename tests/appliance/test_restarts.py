"""Each part is killed in the middle of 50 uploads, and all 50 are done at the end."""

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
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
