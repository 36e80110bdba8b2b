"""A room full of people, and what is said in it at a steady pace."""

import asyncio
import io
import os
import sys
import time
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple

import aiohttp
import msgspec

from ops.benchmarks.contestants import CHECKOUT
from ops.benchmarks.listeners import Heard, Wanted

AT_ONCE = 10
WARM_UP = 5  # messages before those that count: what a process loads when it is first used is not a message's


class Room(NamedTuple):
    """A chat, and a token of each member."""

    chat: str
    tokens: list[str]


class Said(NamedTuple):
    """When a message's request was begun, and when it was answered, by the clock that all processes share."""

    asked: float
    answered: float


async def opened(session: aiohttp.ClientSession, url: str, key: str, members: int) -> Room:
    """A new room of so many new users, made with a server's key."""
    free = asyncio.Semaphore(AT_ONCE)

    async def member(number: int) -> str:
        async with free:
            await _ask(session, f"{url}/users/", key, {"name": f"member {number}", "id": f"m{number}"})
            return str((await _ask(session, f"{url}/tokens", key, {"user_id": f"m{number}"}))["token"])

    tokens = await asyncio.gather(*(member(number) for number in range(members)))
    people = [f"m{number}" for number in range(members)]
    made = await _ask(session, f"{url}/chats/", key, {"title": "The whole house", "members": people})
    return Room(made["chat_id"], list(tokens))


class Crowd:
    """The members who listen, in processes of their own."""

    def __init__(self, room: Room, url: str, processes: int, messages: int, reading: float) -> None:
        shares = [tokens for n in range(processes) if (tokens := room.tokens[n::processes])]
        self._wanted = [Wanted(url, room.chat, tokens, messages, reading) for tokens in shares]
        self._running: list[asyncio.subprocess.Process] = []

    async def join(self) -> None:
        """Ends when all of them are there. Raises ConnectionError."""
        for wanted in self._wanted:
            program = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ops.benchmarks.listeners"),
                env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 30,
            )
            self._running.append(program)
            assert program.stdin is not None
            program.stdin.write(msgspec.json.encode(wanted) + b"\n")
        for program in self._running:
            if await _line(program) != b"ready\n":
                raise ConnectionError("a member was not let in")

    async def heard(self) -> list[Heard]:
        """What they have heard, once they have all of it or nothing more comes. Raises ConnectionError."""
        for program in self._running:
            assert program.stdin is not None
            program.stdin.close()
        lines = [await _line(program) for program in self._running]
        if not all(lines):
            raise ConnectionError("a member was let go")
        return [msgspec.json.decode(line, type=Heard) for line in lines]

    async def leave(self) -> None:
        """Nobody is left, however far they came."""
        for program in self._running:
            if program.returncode is None:
                program.kill()
            await program.wait()


class Speaker:
    """Says things in a room, each in turn by another member."""

    def __init__(self, session: aiohttp.ClientSession, url: str, room: Room, pictures: int) -> None:
        """pictures: one message in so many has a small one; 0: none."""
        self._session, self._url, self._room, self._pictures = session, url, room, pictures

    async def pace(self, count: int, a_minute: float) -> list[Said]:
        """Says `count` messages numbered from 0, after some that are not, so many a minute."""
        await self._all([f"warm-up {n}" for n in range(WARM_UP)], a_minute)
        return await self._all([str(n) for n in range(count)], a_minute)

    async def _all(self, names: Sequence[str], a_minute: float) -> list[Said]:
        began, saying = time.monotonic(), list[asyncio.Task[Said]]()
        async with asyncio.TaskGroup() as tasks:
            for number, name in enumerate(names):
                await asyncio.sleep(began + number * 60 / a_minute - time.monotonic())
                saying.append(tasks.create_task(self._say(number, name)))
        return [task.result() for task in saying]

    async def _say(self, number: int, name: str) -> Said:
        token = self._room.tokens[number % len(self._room.tokens)]
        url = f"{self._url}/chat/{self._room.chat}"
        files = [await self._sent(url, token)] if self._pictures and number % self._pictures == 0 else []
        body = {"text": f"This is message {name}.", "client_id": name, "files": files}
        asked = time.monotonic()
        await _ask(self._session, f"{url}/messages", token, body)
        return Said(asked, time.monotonic())

    async def _sent(self, url: str, token: str) -> str:
        """A new picture, which no message has yet."""
        link = await _ask(self._session, f"{url}/files", token, {"filename": "small.jpg"})
        form = aiohttp.FormData(link["params"])
        form.add_field("file", await asyncio.to_thread(_picture), filename="small.jpg")
        async with self._session.post(link["upload_link"], data=form) as answer:
            answer.raise_for_status()
        return str(link["file_id"])


def _picture() -> bytes:
    from PIL import Image

    made = io.BytesIO()
    Image.effect_noise((640, 480), 40).convert("RGB").save(made, "JPEG")
    return made.getvalue()


async def _ask(session: aiohttp.ClientSession, url: str, bearer: str, body: Any) -> Any:
    async with session.post(url, json=body, headers={"Authorization": f"Bearer {bearer}"}) as answer:
        answer.raise_for_status()
        return await answer.json()


def _line(program: asyncio.subprocess.Process) -> Awaitable[bytes]:
    assert program.stdout is not None
    return program.stdout.readline()
