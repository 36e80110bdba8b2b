"""Postgres with the schema, a Valkey, and what stands on both: the service as a process of its own, or in this one."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from appliance.settings import layers, service
from appliance.settings.layers import Author
from appliance.settings.reading import Reader
from appliance.settings.sync import Outcome, sync
from appliance.valkey import quick
from tests.daemons.postgres import Postgres
from tests.daemons.valkey import Valkey
from tests.ledger.conftest import postgres, shared_url
from tests.live.conftest import valkey, valkey_url
from tests.settings.rows import Rows
from tests.stack import CHECKOUT

__all__ = ["postgres", "shared_url", "valkey", "valkey_url"]

ALICE = Author("alice", "tests")
_CLEAR = "TRUNCATE settings, settings_published, settings_history"


@dataclass
class House:
    """`redis` is a client that fails fast, `valkey` the daemon behind it."""

    config: Rows
    redis: Redis
    postgres: Postgres
    valkey: Valkey

    async def put(self, **texts: str) -> None:
        """Sets these, and does not sync yet."""
        for key, text in texts.items():
            await layers.put(service.find(Rows, key), text, ALICE)

    async def sync(self, **options: Any) -> Outcome:
        return await sync(self.redis, ALICE, Rows, **options)

    async def read(self) -> Rows:
        """What a process reads that starts now."""
        reader = Reader(self.config, self.redis)
        await reader.look()
        assert isinstance(reader.now, Rows)
        return reader.now

    def stored(self) -> dict[str, str]:
        """All that is in Valkey by names that begin with env_."""
        client: Any = self.valkey.client()
        return {name.decode(): client.get(name).decode() for name in client.keys("env_*")}

    def process(self, module: str, *arguments: str) -> "subprocess.Popen[str]":
        """`python -m tests.settings.MODULE`, connected to the same."""
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "DARKROOM_DATABASE_URL": self.config.database_url,
            "DARKROOM_VALKEY_URL": self.config.valkey_url,
        }
        command = [sys.executable, "-m", f"tests.settings.{module}", *arguments]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


@pytest.fixture
async def house(
    shared_url: str,
    postgres: Postgres,
    valkey: Valkey,
    valkey_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    """With nothing set, and nothing synced yet."""
    monkeypatch.setenv("DARKROOM_DATABASE_URL", shared_url)
    from appliance.config import current
    from appliance.ledger.database import engine, fetch, pool

    current.cache_clear()
    engine().config = {"dsn": shared_url}  # the engine is one for the whole process
    valkey.client().flushall()
    redis = quick(valkey_url)
    async with pool(4):
        await fetch(_CLEAR)
        config = Rows(database_url=shared_url, valkey_url=valkey_url, data=tmp_path)
        yield House(config, redis, postgres, valkey)
    await redis.aclose()
    current.cache_clear()
