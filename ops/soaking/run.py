"""One soak from the start of its appliance to the last look at it."""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp

from ops.benchmarks import appliance
from ops.soaking import files
from ops.soaking.book import Book, Heard
from ops.soaking.clients import FAILED, PROJECT, Api, Uploader, listen
from ops.soaking.harm import Harm
from ops.soaking.memory import Memory
from ops.soaking.outcome import Outcome
from ops.soaking.receiving import Receiver
from ops.uploading.client import Client

LISTENERS = 3
PATIENCE = 300.0  # for what is under way to end, once the load has stopped
VERIFY_TRIES = 4
SETTINGS = {
    "DARKROOM_WEBHOOK_ALLOW": "127.0.0.1/32",  # where the soak's own receiver is
    "DARKROOM_WEBHOOK_RETRY_SECONDS": "0.5",  # it fails now and then, and all that follows waits for it
}
Say = Callable[[str], None]


def soak(seconds: float, seed: int, at_once: int, say: Say) -> Outcome:
    """Runs it; `say` hears how it goes. Raises appliance.NotStarted."""
    say(f"seed {seed}")
    with appliance.running(SETTINGS) as one:
        key = one.verb("apikey", "create", "soak", "--admin").strip()
        return asyncio.run(_Soak(one, one.url(), key, seed, say).run(seconds, at_once))


class _Soak:
    def __init__(self, one: appliance.Appliance, url: str, key: str, seed: int, say: Say) -> None:
        self._appliance, self._url, self._key, self._seed, self._say = one, url, key, seed, say
        self._book, self._receiver = Book(), Receiver(seed)
        self._heard = [Heard() for _ in range(LISTENERS)]
        self._harm = Harm(one.data, url, seed, say)
        self._memory = Memory(self._harm.parts)

    async def run(self, seconds: float, at_once: int) -> Outcome:
        runner = await self._receiver.started()
        connector = aiohttp.TCPConnector(limit=0)
        try:
            async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as session:
                self._api = Api(session, self._url, self._key)
                self._client = Client(session, self._url, PROJECT, self._bearer)
                await self._api.call("POST", "/projects/", {"name": PROJECT, "id": PROJECT})
                await self._api.call("POST", f"/projects/{PROJECT}/webhooks", {"url": self._receiver.url})
                listening = [asyncio.create_task(listen(self._client, self._book, one)) for one in self._heard]
                await self._loaded(seconds, at_once)
                self._say("the load has ended; waiting for what is under way")
                outcome = await self._settled(seconds, at_once)
                await _ended(listening)
        finally:
            await runner.cleanup()
        self._say("verifying")
        await asyncio.to_thread(self._verified, outcome)
        return outcome

    async def _bearer(self) -> str:
        return self._key

    async def _loaded(self, seconds: float, at_once: int) -> None:
        """The time of load and harm."""
        some = await asyncio.to_thread(files.made, random.Random(self._seed))
        uploaders = [
            Uploader(self._client, self._api, self._book, some, self._seed * 1000 + number) for number in range(at_once)
        ]
        loops: list[Coroutine[Any, Any, None]] = [one.run() for one in uploaders]
        tasks = [asyncio.create_task(loop) for loop in (*loops, self._memory.run(), self._progress())]
        await asyncio.gather(self._harm.run(seconds), asyncio.sleep(seconds))
        await _ended(tasks)

    async def _progress(self) -> None:
        while True:
            await asyncio.sleep(60)
            ended = sum(sent.ended is not None for sent in self._book.sent.values())
            self._say(f"{len(self._book.sent)} acknowledged, {ended} of them ended")

    async def _settled(self, seconds: float, at_once: int) -> Outcome:
        """What is so once everything has come to rest, or after five minutes."""
        began = time.monotonic()
        images: dict[str, dict[str, Any]] = {}
        while time.monotonic() - began < PATIENCE:
            with suppress(*FAILED):
                images = await self._images()
                if not self._under_way(images):
                    break
            await asyncio.sleep(0.5)
        drained = time.monotonic() - began
        head = await self._all_told()
        outcome = Outcome(
            minutes=seconds / 60,
            seed=self._seed,
            cores=len(os.sched_getaffinity(0)),
            at_once=at_once,
            book=self._book,
            kills=self._harm.kills,
            growth=self._memory.growth(),
            events=head,
            heard_wrong=sum(heard.wrong + head - heard.seq for heard in self._heard),
            webhook_missing=self._receiver.missing(head),
            webhook_repeated=self._receiver.repeated,
            drained=drained,
        )
        outcome.judge(images)
        return outcome

    def _under_way(self, images: dict[str, dict[str, Any]]) -> bool:
        mine = [images.get(identity) for identity, sent in self._book.sent.items() if not sent.deleted]
        return any(image and image["state"] in ("init", "uploaded", "processing") for image in mine)

    async def _images(self) -> dict[str, dict[str, Any]]:
        found, cursor = {}, ""
        while True:
            page = await self._api.get(f"/projects/{PROJECT}/images?limit=200{cursor}")
            found.update({image["image_id"]: image for image in page["images"]})
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    async def _all_told(self) -> int:
        """The stream's head, once listeners and webhook have had the time to hear all up to it."""
        head, began = 0, time.monotonic()
        while time.monotonic() - began < PATIENCE:
            with suppress(*FAILED):
                head = (await self._api.get(f"/projects/{PROJECT}/events?limit=1"))["seq"]
                if all(heard.seq == head for heard in self._heard) and not self._receiver.missing(head):
                    break
            await asyncio.sleep(0.5)
        return head

    def _verified(self, outcome: Outcome) -> None:
        """./ops/verify over everything, also what is young: but what is being erased this moment may take a while. What
        kills left over is deleted, as the daily job does it once it is an hour old; then all has to be clean.
        """
        for _ in range(VERIFY_TRIES):
            found = self._verify()
            if found.get("clean"):
                break
            time.sleep(15)
        outcome.unexplained = found.get("unexplained", 0)
        outcome.examples = found.get("examples", [])
        if outcome.unexplained:
            self._verify("--repair", "--yes")
        outcome.verified = self._verify("--deep")

    def _verify(self, *options: str) -> dict[str, Any]:
        done = self._appliance.run("verify", *options, "--json", "--grace", "0", seconds=1800)
        told: dict[str, Any] = (
            json.loads(done.stdout) if done.stdout.startswith("{") else {"error": done.stderr[-2000:]}
        )
        return told


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
