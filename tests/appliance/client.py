"""A client of the API, as its users would write one: plain httpx and websockets."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.stack import Stack


class Project:
    """A project of its own, new for each test; its token, and what can be done with it."""

    def __init__(self, stack: Stack) -> None:
        self.id = f"t-{uuid.uuid4().hex[:12]}"
        self.stack = stack
        self.server = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=30)
        made = self.server.post("/projects/", json={"name": "test", "id": self.id})
        assert made.status_code == 201, made.text
        self.token = self.server.post("/tokens", json={"project_id": self.id}).json()["token"]
        self.api = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)
        self.plain = httpx.Client(timeout=60)

    def link(self, filename: str = "hello.jpg") -> dict[str, Any]:
        answer = self.api.post("/images/", json={"filename": filename, "project_id": self.id})
        assert answer.status_code == 201, answer.text
        link: dict[str, Any] = answer.json()
        return link

    def send(self, link: dict[str, Any], data: bytes) -> httpx.Response:
        return self.plain.post(link["upload_link"], data=link["params"], files={"file": ("any name", data)})

    def upload(self, data: bytes, filename: str = "hello.jpg") -> str:
        """Sends a file; gives its image id."""
        link = self.link(filename)
        sent = self.send(link, data)
        assert sent.status_code == 201, sent.text
        return str(link["image_id"])

    def image(self, image_id: str) -> dict[str, Any]:
        answer = self.api.get(f"/images/{image_id}")
        assert answer.status_code == 200, answer.text
        image: dict[str, Any] = answer.json()
        return image

    def ended(self, image_id: str, seconds: float = 30) -> dict[str, Any]:
        """The image once it is done or failed."""
        return wait_for(lambda: (i := self.image(image_id))["state"] in ("done", "error") and i, seconds)

    def ticket(self) -> str:
        return str(self.api.post("/tickets").json()["ticket"])

    @contextmanager
    def socket(
        self, after: str | int | None = None, ticket: str | None = None, **headers: str
    ) -> Iterator[ClientConnection]:
        query = f"?ticket={self.ticket() if ticket is None else ticket}" + ("" if after is None else f"&after={after}")
        url = f"{self.stack.url.replace('http', 'ws')}/projects/{self.id}/events{query}"
        with connect(url, additional_headers=headers) as socket:
            yield socket

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """All events after a number, by pages."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.api.get(f"/projects/{self.id}/events", params={"after": after, "limit": 500}).json()
            found += page["events"]
            if after == page["next"]:
                return found
            after = page["next"]


def listening(socket: ClientConnection) -> None:
    """Waits until it is told of all that happens from now on."""
    heard(socket, lambda message: message["type"] == "hello")


def heard(
    socket: ClientConnection, until: Callable[[dict[str, Any]], bool], seconds: float = 30
) -> list[dict[str, Any]]:
    """Messages up to and including the first that `until` holds of; beats left out."""
    limit, messages = time.monotonic() + seconds, []
    while True:
        message = json.loads(socket.recv(timeout=max(0.01, limit - time.monotonic())))
        if message["type"] == "beat":
            continue
        messages.append(message)
        if until(message):
            return messages


def wait_for(look: Callable[[], Any], seconds: float = 30) -> Any:
    """What `look` gives once it is true. Fails when that does not come."""
    limit = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        assert time.monotonic() < limit, f"waited {seconds} s in vain"
        time.sleep(0.1)
