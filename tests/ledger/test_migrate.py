"""Migration: any number of times, at once, and after one that was killed half way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.ledger import migrations
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


def test_without_a_database_it_fails_and_says_nothing_secret() -> None:
    done = migrate("postgresql://somebody:a-secret-word@127.0.0.1:1/nothing")
    assert done.returncode != 0
    assert "a-secret-word" not in done.stdout + done.stderr
