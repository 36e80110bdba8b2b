"""Migration: any number of times, at once, and after one that was killed half way."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from appliance.config import current
from appliance.ledger import database, migrations
from appliance.ledger import migrate as migration
from tests.daemons.postgres import Postgres
from tests.ledger.conftest import migrate

MIGRATIONS = Path(migrations.__file__).parent


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    yield postgres.make("empty")
    postgres.drop("empty")


def _facts(postgres: Postgres) -> str:
    """What must stay the same: the epoch, the functions, the migrations noted."""
    return postgres.psql(
        "empty",
        "SELECT epoch FROM ledger.epoch; SELECT name, app_name FROM migration ORDER BY 1, 2;"
        "SELECT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace ORDER BY 1",
    )


def test_four_at_once_migrate_once_and_again_changes_nothing(postgres: Postgres, empty: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(migrate, [empty] * 4))
    assert [done.returncode for done in results] == [0] * 4, results
    facts = _facts(postgres)
    assert facts.count("|ledger") == len(list(MIGRATIONS.glob("ledger_*.py")))
    assert migrate(empty).returncode == 0
    assert _facts(postgres) == facts


def test_one_killed_between_schema_and_note_is_taken_up_again(postgres: Postgres, empty: str) -> None:
    assert migrate(empty).returncode == 0
    facts = _facts(postgres)
    postgres.psql("empty", "DELETE FROM migration WHERE app_name = 'ledger'")
    done = migrate(empty)
    assert done.returncode == 0, done.stderr
    assert _facts(postgres) == facts


def test_events_of_before_say_who_sent_their_file(postgres: Postgres, empty: str) -> None:
    assert migrate(empty).returncode == 0
    postgres.psql(
        "empty",
        "DELETE FROM migration WHERE name = '2026-11-26T13:30:00:000000';"
        "DROP TABLE ledger.dropped; ALTER TABLE ledger.epoch DROP COLUMN kept_from;"
        "ALTER TABLE ledger.events DROP COLUMN uploader;"
        "INSERT INTO ledger.streams (root, owner, seq) VALUES ('projects', '111', 2);"
        "INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, expires_at, uploader) "
        "SELECT id, root, owner, 'images', 'image', 'images', 'photo', 'a.jpg', now(), u FROM ledger.streams, "
        "unnest(ARRAY['tom', NULL]) u WHERE owner = '111';"
        "INSERT INTO ledger.events (stream, seq, type, asset, state) "
        "SELECT stream, row_number() OVER (ORDER BY id), 'state', id, 'init' FROM ledger.assets",
    )
    done = migrate(empty)
    assert done.returncode == 0, done.stderr
    assert postgres.psql("empty", "SELECT seq, uploader FROM ledger.events ORDER BY seq") == "1|tom\n2|\n"
    assert (
        postgres.psql(
            "empty", "SELECT kept_from = 12 * extract(year FROM now()) + extract(month FROM now()) FROM ledger.epoch"
        )
        == "t\n"
    )


def test_messages_of_before_have_numbers_and_chats_a_project_that_is_there(postgres: Postgres, empty: str) -> None:
    assert migrate(empty).returncode == 0
    postgres.psql(
        "empty",
        "DELETE FROM migration WHERE name = '2026-11-26T16:20:00:000000';"
        "ALTER TABLE chat_messages DROP COLUMN seq; ALTER TABLE chat_members DROP COLUMN pushed_seq;"
        "ALTER TABLE chats DROP COLUMN unread_since, DROP COLUMN unread_after, DROP CONSTRAINT project_of_chat;"
        "INSERT INTO projects (id, name) VALUES ('111', 'there');"
        "INSERT INTO chats (id, name, project) VALUES ('a', 'a', '111'), ('b', 'b', 'nowhere');"
        "INSERT INTO chat_messages (chat, text) VALUES ('a', 'told'), ('a', 'so old that its event is gone');"
        "INSERT INTO ledger.events (stream, seq, type, facts) "
        "SELECT 1, 7, 'message', jsonb_build_object('message_id', id) FROM chat_messages WHERE text = 'told'",
    )
    done = migrate(empty)
    assert done.returncode == 0, done.stderr
    assert postgres.psql("empty", "SELECT seq FROM chat_messages ORDER BY seq") == "0\n7\n"
    assert postgres.psql("empty", "SELECT id, project FROM chats ORDER BY id") == "a|111\nb|\n"


def test_without_a_database_it_fails_and_says_nothing_secret() -> None:
    done = migrate("postgresql://somebody:a-secret-word@127.0.0.1:1/nothing")
    assert done.returncode != 0
    assert "a-secret-word" not in done.stdout + done.stderr


def test_a_count_that_takes_longer_than_a_request_may_is_waited_for(
    postgres: Postgres, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first count of what a large ledger has; here somebody holds the table that it goes into."""
    assert migrate(empty).returncode == 0
    postgres.psql(
        "empty",
        "INSERT INTO ledger.streams (root, owner) VALUES ('projects', '111');"
        "INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, expires_at) "
        "SELECT id, root, owner, 'images', 'image', 'images', 'photo', 'a.jpg', now() FROM ledger.streams",
    )
    monkeypatch.setenv("DARKROOM_DATABASE_URL", empty)
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.5)
    current.cache_clear()
    before, database.engine().config = database.engine().config, {"dsn": empty}
    try:
        asyncio.run(_migrated_beside(empty, 2.0))
    finally:
        database.engine().config = before
        current.cache_clear()
    assert "project|111|1" in postgres.psql("empty", "SELECT scope, id, slots FROM ledger.usage")


async def _migrated_beside(url: str, seconds: float) -> None:
    """Migrates while another connection holds the table of usage for `seconds`."""
    other = await asyncpg.connect(url)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE ledger.usage IN ACCESS EXCLUSIVE MODE")
            migrating = asyncio.create_task(migration.migrate())
            await asyncio.sleep(seconds)
            assert not migrating.done(), migrating.exception()
        await migrating
    finally:
        await other.close()
