"""Who is refused in the middle of a large body sees why, and nothing of the body is taken for another request."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from appliance import draining
from tests.appliance.client import Project
from tests.stack import Stack

SIZES = (90_000, 300_000, 3_000_000)
EACH = 20
STRANGER = {"Authorization": "Bearer of-nobody"}


def refused(stack: Stack, path: str, headers: dict[str, str], size: int) -> Counter[int]:
    """What is answered to so many forms, over one connection as long as it lasts."""
    answers = Counter[int]()
    with httpx.Client(base_url=stack.url, headers=headers, timeout=30) as client:
        for _ in range(EACH):
            answers[client.post(path, files=[("file", ("a.jpg", bytes(size)))]).status_code] += 1
    return answers


@pytest.mark.parametrize("size", SIZES)
def test_who_is_refused_before_the_body_was_read_sees_why(stack: Stack, project: Project, size: int) -> None:
    server = {"Authorization": f"Bearer {stack.key}"}
    asked = [("/chat/nowhere/file", server)] * 3 + [("/chat/nowhere/file", STRANGER)] * 3
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda one: refused(stack, *one, size), asked))
    assert sum(answers[:3], Counter()) == {404: 3 * EACH}
    assert set(sum(answers[3:], Counter())) <= {401, 429}, "strangers are counted"


class Asked:
    """A request whose body comes in these pieces, and then not at all."""

    def __init__(self, pieces: list[bytes], ends: bool, **headers: str) -> None:
        self.pieces: Iterator[bytes] = iter(pieces)
        self.left, self.ends, self.sent = len(pieces), ends, list[str]()
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.scope = {"type": "http", "headers": named, "state": {}}

    async def receive(self):
        if self.left == 0:
            await asyncio.Event().wait()
        self.left -= 1
        return {"type": "http.request", "body": next(self.pieces), "more_body": self.left > 0 or not self.ends}

    async def send(self, message) -> None:
        self.sent.append(f"{message['type']} {self.left}")

    async def answered(self) -> list[str]:
        await asyncio.wait_for(draining.draining(_refuse)(self.scope, self.receive, self.send), 10)
        return self.sent


async def _refuse(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.pure
@pytest.mark.parametrize("headers", [{"content_length": "3"}, {"transfer_encoding": "chunked"}])
async def test_the_answer_comes_when_the_body_has(headers: dict[str, str]) -> None:
    assert await Asked([b"a", b"b", b"c"], True, **headers).answered() == [
        "http.response.start 0",
        "http.response.body 0",
    ]


@pytest.mark.pure
@pytest.mark.parametrize("headers", [{}, {"content_length": "0"}])
async def test_where_there_is_no_body_none_is_waited_for(headers: dict[str, str]) -> None:
    assert await Asked([b""], True, **headers).answered() == ["http.response.start 1", "http.response.body 1"]


@pytest.mark.pure
async def test_a_body_that_never_comes_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "STRANGERS_SECONDS", 0.1)
    assert await Asked([b"a"], False, content_length="9").answered() == [
        "http.response.start 0",
        "http.response.body 0",
    ]
    known = Asked([b"a"], False, content_length="9")
    known.scope["state"] = {"caller": "somebody"}
    monkeypatch.setattr(draining, "SECONDS", 0.3)
    began = asyncio.get_running_loop().time()
    await known.answered()
    assert asyncio.get_running_loop().time() - began >= 0.29
