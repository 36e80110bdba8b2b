"""People in chats, each with a token of their own, as a chat product would write them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.stack import Stack


class Person:
    """A user of the application: new for each test."""

    def __init__(self, stack: Stack, server: httpx.Client, name: str) -> None:
        self.id = f"{name}-{uuid.uuid4().hex[:8]}"
        self.stack = stack
        assert server.post("/users/", json={"name": name, "id": self.id}).status_code == 201
        token = server.post("/tokens", json={"user_id": self.id}).json()["token"]
        self.api = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def ticket(self) -> str:
        return str(self.api.post("/tickets").json()["ticket"])

    @contextmanager
    def socket(self, chat: str, after: int | None = None, root: str = "chat") -> Iterator[ClientConnection]:
        query = f"?ticket={self.ticket()}" + ("" if after is None else f"&after={after}")
        with connect(f"{self.stack.url.replace('http', 'ws')}/{root}/{chat}/events{query}") as socket:
            yield socket

    def say(self, chat: str, text: str = "", files: list[str] | None = None, **more: Any) -> dict[str, Any]:
        answer = self.api.post(f"/chats/{chat}/messages", json={"text": text, "files": files or [], **more})
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        return told

    def link(self, chat: str, filename: str) -> dict[str, Any]:
        answer = self.api.post(f"/chat/{chat}/files", json={"filename": filename})
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def upload(self, chat: str, data: bytes, filename: str = "a.jpg") -> str:
        """A file for a chat, which no message has yet."""
        link = self.link(chat, filename)
        sent = httpx.post(link["upload_link"], data=link["params"], files={"file": ("any", data)}, timeout=60)
        assert sent.status_code == 201, sent.text
        return str(link["file_id"])

    def send(
        self, chat: str, data: bytes | None, filename: str = "a.jpg", root: str = "chat", **fields: str
    ) -> httpx.Response:
        """A file with its message, as one form through the server; the fields come first."""
        form = list(fields.items())
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in form]
        if data is not None:
            parts.append(("file", (filename, data)))
        return self.api.post(f"/{root}/{chat}/file", files=parts, timeout=60)

    def sent(self, chat: str, data: bytes, filename: str = "a.jpg", **fields: str) -> dict[str, Any]:
        """What the server answers to one that is taken."""
        answer = self.send(chat, data, filename, **fields)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def state(self, chat: str, file: str) -> str:
        """Of a file of a message."""
        answer = self.api.get(f"/chat/{chat}/file/{file}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])

    def messages(self, chat: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.api.get(f"/chats/{chat}/messages", params=query)
        assert answer.status_code == 200, answer.text
        told: list[dict[str, Any]] = answer.json()["messages"]
        return told


class House:
    """An application with its server's key, and its people."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.server = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=30)

    def person(self, name: str) -> Person:
        return Person(self.stack, self.server, name)

    def chat(self, *people: Person, **more: Any) -> str:
        wanted = {"title": "Ferien", "members": [person.id for person in people], **more}
        answer = self.server.post("/chats/", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["chat_id"])
