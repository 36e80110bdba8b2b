"""Postgres, Valkey, the ledger of one project, a receiver, and the sender as a process of its own."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.daemons.process import Daemon
from tests.daemons.valkey import Valkey
from tests.ledger.conftest import book, database_url, postgres, shared_url
from tests.live.conftest import valkey, valkey_url
from tests.stack import CHECKOUT
from tests.webhooks.receiver import ALLOWED, Receiver, receiver

__all__ = ["book", "database_url", "postgres", "shared_url", "valkey", "valkey_url"]

SETTINGS = {
    "DARKROOM_WEBHOOK_ALLOW": f"{ALLOWED}/32",
    "DARKROOM_WEBHOOK_RETRY_SECONDS": "0.1",
    "DARKROOM_WEBHOOK_SECONDS": "2",
    "DARKROOM_READER_KEY": "reader:a-reader-secret-of-tests",
    "DARKROOM_STORAGE_URL": "http://127.0.0.1:9",  # it signs links to what is there, and asks it only for its clock
}

Start = Callable[..., Daemon]


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def start(database_url: str, valkey: Valkey, valkey_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a sender with these settings; ended with the test, if it has not been before."""
    started: list[Daemon] = []

    def one(**settings: str) -> Daemon:
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}
        where = {"DARKROOM_DATABASE_URL": database_url, "DARKROOM_VALKEY_URL": valkey_url}
        client: redis.Redis = valkey.client()
        client.delete("darkroom:health:webhooks")
        daemon = Daemon(
            [sys.executable, "-m", "appliance.sender"],
            {**own, **where, **SETTINGS, **settings},
            tmp_path / f"sender-{len(started)}.log",
            lambda: bool(client.exists("darkroom:health:webhooks")),
        )
        started.append(daemon.start())
        return daemon

    yield one
    for daemon in started:
        daemon.stop()


@pytest.fixture
def sender(start: Start) -> Daemon:
    return start()
