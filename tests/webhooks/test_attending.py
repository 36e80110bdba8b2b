"""What the sender does while there is nothing for it to do."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress

import pytest

from appliance.config import Config
from appliance.files.versions import Linker
from appliance.live.doorbell import Doorbell, Listener
from appliance.webhooks import turns
from appliance.webhooks.addresses import Reach
from appliance.webhooks.post import Post
from appliance.webhooks.sender import LOOK_SECONDS, Sender
from storage.links import Links
from tests.ledger.book import Book
from tests.live.followers import running
from tests.webhooks.hooks import hook
from tests.webhooks.receiver import Receiver


async def test_rings_of_projects_without_webhooks_cost_it_nothing(
    book: Book, receiving: Receiver, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    due = turns.due

    async def counted(under_way: Collection, most: int) -> list[turns.Turn]:
        nonlocal looks
        looks += 1
        return await due(under_way, most)

    monkeypatch.setattr(turns, "due", counted)
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    linker = Linker(Links("reader", "a-secret", 3600), "http://127.0.0.1:8080", lambda: None)
    stream = await book.stream()
    async with running(doorbell, listener), Post(Reach([]), 1) as post:
        sender = asyncio.create_task(Sender(post, linker, listener, Config()).run())

        async def looked(seconds: float = 2.5) -> float:
            """How often it looks in a second, while the project's bell rings 40 times in each or nearly so."""
            before, began = looks, time.monotonic()
            for seq in range(int(seconds * 40)):
                doorbell.ring([(stream, 1000 * looks + seq)])
                await asyncio.sleep(1 / 40)
            return (looks - before) / (time.monotonic() - began)

        assert await looked() <= 2 / LOOK_SECONDS
        await hook(receiving.url)
        await asyncio.sleep(1.5)
        assert await looked() > 8 / LOOK_SECONDS
        sender.cancel()
        with suppress(asyncio.CancelledError):
            await sender
