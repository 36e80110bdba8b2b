"""A migrated database, empty for each test, and the ledger on top of it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.daemons import minio as storage
from tests.daemons import postgres as database
from tests.daemons import valkey as queue
from tests.daemons.minio import WORKER, Minio
from tests.daemons.postgres import Postgres
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book
from tests.ledger.intake import Intake

TEMPLATE = "migrated"
TABLES = (
    *("ledger.assets", "ledger.uploads", "ledger.doubts", "ledger.attempts", "ledger.orders", "ledger.usage"),
    *("ledger.blobs", "ledger.versions", "ledger.events", "ledger.dropped", "ledger.streams"),
    *("ledger.samples", "ledger.sample_series"),
    *("projects", "users", "folders", "api_keys", "webhooks", "webhook_attempts"),
    *("chats", "chat_members", "chat_messages", "chat_attachments", "chat_unclaimed"),
    *("wallets", "profiles", "profile_editions", "profile_media", "profile_uploads", "profile_upload_counts"),
    *("profile_history", "hashtags", "profile_hashtags", "profile_payments", "payments_used", "forbidden_words"),
    *("ledger.libraries", "ledger.library_scans", "ledger.library_files", "ledger.library_results"),
)
# A hundred times faster than TRUNCATE, which makes each table and index anew; that is for what has become large.
CLEAR = f"""
DO $$ BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    {"".join(f"DELETE FROM {table};" for table in TABLES)}
    IF (SELECT max(pg_relation_size(oid)) > 256 * 1024 FROM pg_class
        WHERE relkind = 'r' AND relnamespace IN ('ledger'::regnamespace, 'public'::regnamespace))
    THEN
        TRUNCATE {", ".join(TABLES)};
    END IF;
END $$
"""


def migrate(url: str) -> "subprocess.CompletedProcess[str]":
    """Runs the migration as `ops/up` does."""
    env = {"PATH": os.environ["PATH"], "DARKROOM_DATABASE_URL": url}
    command = [sys.executable, "-m", "appliance.ledger.migrate"]
    return subprocess.run(command, env=env, capture_output=True, text=True)


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    server = database.start()
    try:
        done = migrate(server.make(TEMPLATE))
        assert done.returncode == 0, done.stdout + done.stderr
        yield server
    finally:
        server.close()


@pytest.fixture(scope="package")
def shared_url(postgres: Postgres) -> str:
    return postgres.make("shared", TEMPLATE)


@pytest.fixture(scope="package")
def witnessed(postgres: Postgres) -> str:
    """The name of a template: a migrated database with a witness of all that happens to assets in it."""
    postgres.make("witnessed", TEMPLATE)
    postgres.psql("witnessed", (Path(__file__).parent / "model" / "witness.sql").read_text())
    return "witnessed"


@pytest.fixture
def database_url(shared_url: str) -> str:
    """The database of `book`; a module that does more than fill tables has one of its own."""
    return shared_url


@pytest.fixture
async def book(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Book]:
    """The ledger of an appliance with one project, over a pool of 16 connections."""
    monkeypatch.setenv("DARKROOM_DATABASE_URL", database_url)
    from appliance.config import current
    from appliance.ledger.database import engine, fetch, pool

    current.cache_clear()
    engine().config = {"dsn": database_url}  # the engine is one for the whole process
    async with pool(16):
        await fetch(CLEAR)
        yield await Book.opened()
    current.cache_clear()


@pytest.fixture(scope="package")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = queue.start(tmp_path_factory.mktemp("ledger-valkey"))
    yield server
    server.daemon.stop()


@pytest.fixture(scope="package")
def minio(tmp_path_factory: pytest.TempPathFactory, valkey: Valkey) -> Iterator[Minio]:
    server = storage.start(tmp_path_factory.mktemp("ledger-storage"), valkey)
    yield server
    server.daemon.stop()


@pytest.fixture
def intake(book: Book, valkey: Valkey, minio: Minio) -> Intake:
    """An intake with an empty Valkey. What was stored before is of assets that are no more."""
    valkey.client().flushall()
    return Intake(book, valkey, minio, WORKER)
