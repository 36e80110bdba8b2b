"""A database for the model, with its witness, and the machine made for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from appliance.config import current
from tests.ledger.model.machine import Model
from tests.ledger.model.pacing import Loop, PacedPool
from tests.ledger.model.world import World


class Ground:
    """Where models are played. `after`: SQL that is run after each statement, apart; `without`: a chore left out."""

    def __init__(self, runner: asyncio.Runner, sql: asyncpg.Connection) -> None:
        self.runner, self.sql = runner, sql
        self.without = ""
        self.worlds = 0  # that came to rest, with every promise kept

    def play(self, examples: int, steps: int, **options: object) -> int:
        """So many lives of a world, each of so many steps; how many ended well. Raises what the model finds."""
        ground = self

        class Here(Model):
            run = staticmethod(ground.runner.get_loop().run_until_complete)
            new_world = staticmethod(lambda: World(ground.sql, ground.without))

            def teardown(self) -> None:
                super().teardown()
                ground.worlds += 1

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                **{"derandomize": True, "phases": (Phase.generate, Phase.shrink), **options},
            ),
        )
        return self.worlds


@contextmanager
def ground(url: str, monkeypatch: pytest.MonkeyPatch, after: str | None = None) -> Iterator[Ground]:
    """The ledger at `url` over a paced pool."""
    monkeypatch.setenv("DARKROOM_DATABASE_URL", url)
    current.cache_clear()
    from appliance.ledger import sweep
    from appliance.ledger.database import engine, pool

    monkeypatch.setattr(sweep, "MANY", 3)  # listings, too
    engine().config = {"dsn": url}
    with asyncio.Runner(loop_factory=Loop) as runner:
        sql = runner.run(asyncpg.connect(url))
        opened = pool(3)
        runner.run(opened.__aenter__())
        engine().pool = PacedPool(engine().pool, after)  # type: ignore[assignment]
        try:
            yield Ground(runner, sql)
        finally:
            runner.run(opened.__aexit__(None, None, None))
            runner.run(sql.close())
            current.cache_clear()
