"""A Postgres that runs elsewhere and will not do: said in words, without a password."""

import os
import subprocess
import sys

import pytest

from appliance.ledger import migrate
from tests.daemons.postgres import PASSWORD, USER
from tests.daemons.process import free_port


def migrated(url: str) -> str:
    """What the migration said that failed."""
    argv = [sys.executable, "-m", "appliance.ledger.migrate"]
    env = {"PATH": os.environ["PATH"], "DARKROOM_DATABASE_URL": url}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((PASSWORD, "wrong-word"), f'password authentication failed for user "{USER}"'),
        pytest.param(("/postgres", "/nowhere"), 'database "nowhere" does not exist', marks=pytest.mark.long),
    ],
)
def test_what_it_refuses_is_said(database, change, said):
    told = migrated(database.url("postgres").replace(*change))
    assert said in told
    assert "POSTGRES_" in told
    assert "wrong-word" not in told
    assert PASSWORD not in told


def test_one_that_is_not_there_is_said():
    port = free_port()
    told = migrated(f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres")
    assert "Postgres does not answer" in told
    assert str(port) in told
    assert "check POSTGRES_SERVER and POSTGRES_PORT" in told
    assert PASSWORD not in told


async def test_one_that_is_too_old_is_said(database, monkeypatch):
    monkeypatch.setattr(migrate, "NEEDED", "a_function_of_a_later_release()")
    monkeypatch.setenv("DARKROOM_DATABASE_URL", database.url("postgres"))
    from appliance.ledger import database as ours

    monkeypatch.setitem(ours.engine().config, "dsn", database.url("postgres"))
    with pytest.raises(migrate.TooOld, match=r"Postgres \d+ is too old: 18 or newer is needed"):
        await migrate.migrate()
