"""Nothing is published without an approval, nor without a payment where one is asked for: in any order of events."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from appliance.config import current
from appliance.ledger.database import engine, fetch, pool
from appliance.profiles import gates
from appliance.profiles.decisions import Pass
from tests.daemons.postgres import Postgres
from tests.ledger.book import Book
from tests.ledger.conftest import CLEAR, TEMPLATE
from tests.ledger.profile_model import Broken, World

ACTS = 15
scripts = st.lists(st.tuples(st.integers(0, ACTS - 1), st.integers(0, 5), st.booleans()), min_size=5, max_size=60)
Play = Callable[..., int]


@pytest.fixture
def play(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Plays so many scripts, each a life of its own; how many came to their end. Raises what is found."""
    url = postgres.make("gates", TEMPLATE)
    monkeypatch.setenv("DARKROOM_DATABASE_URL", url)
    current.cache_clear()
    engine().config = {"dsn": url}
    with asyncio.Runner() as runner:
        opened = pool(4)
        runner.run(opened.__aenter__())

        def played(examples: int, before: Sequence[str] = (), **options: Any) -> int:
            @settings(
                max_examples=examples,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                **{"derandomize": True, "phases": (Phase.generate,), **options},
            )
            @given(scripts)
            def lives(script: list[tuple[int, int, bool]]) -> None:
                runner.run(_life(script, before))
                ended.append(len(script))

            ended: list[int] = []
            lives()
            return len(ended)

        yield played
        runner.run(opened.__aexit__(None, None, None))
    postgres.drop("gates")
    current.cache_clear()


async def _life(script: list[tuple[int, int, bool]], before: Sequence[str]) -> None:
    await fetch(CLEAR)
    for statement in before:
        await fetch(statement)
    world = await World.begun(await Book.opened())
    for act, dice, together in script:
        first = world.acts[act % len(world.acts)](dice)
        await (asyncio.gather(first, world.look(0)) if together and act not in UNDOING else first)
        await world.check()
    await world.rest()


UNDOING = frozenset({2})  # beside a look: who comes first is not known outside


def test_the_gates_hold(play: Play) -> None:
    assert play(40) >= 40


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_gates_hold_in_thousands_of_lives(play: Play) -> None:
    assert play(2000, derandomize=False, phases=(Phase.generate, Phase.shrink), print_blob=True) >= 2000


LACKING = {"payment": "payment", "moderation": "approval"}
BLIND = (
    "ALTER TABLE profile_editions DISABLE TRIGGER allowed_steps",
    "CREATE OR REPLACE FUNCTION ledger.paid(edition uuid) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT true $$",
)


@pytest.mark.parametrize("name", LACKING)
def test_a_gate_that_lets_everything_through_is_found(play: Play, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Also with the database looking away, which would refuse it."""

    async def open_(*_: object) -> Pass:
        return Pass()

    broken = tuple(g if g.name != name else gates.Gate(name, g.state, open_) for g in gates.GATES)
    monkeypatch.setattr("appliance.profiles.pipeline.GATES", broken)
    with pytest.raises(Broken, match=f"published without an? {LACKING[name]}"):
        play(40, BLIND)
