"""A client that follows the events, and comes back with its cursor whenever it is cut off."""

import asyncio
import threading
from typing import Any

import aiohttp

from ops.uploading.client import Client
from tests.appliance.client import Project

PATIENCE = 120.0


class Listener:
    """All events of a project from its beginning, until `count` photos are done."""

    def __init__(self, project: Project, count: int) -> None:
        self.heard: list[dict[str, Any]] = []
        self._project, self._count = project, count
        self._thread = threading.Thread(target=lambda: asyncio.run(asyncio.wait_for(self._listen(), PATIENCE)))
        self._thread.start()

    def join(self) -> None:
        self._thread.join(PATIENCE + 10)

    async def _bearer(self) -> str:
        return self._project.token

    async def _listen(self) -> None:
        async with aiohttp.ClientSession() as session:
            client = Client(session, self._project.stack.url, self._project.id, self._bearer)
            async for event in client.events("0"):
                self.heard.append(event)
                if sum(one["state"] == "done" for one in self.heard) == self._count:
                    return
