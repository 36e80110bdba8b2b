"""Any interleaving of clients, notifications, workers, sweeps and crashes keeps what the ledger promises."""

from collections.abc import Iterator

import pytest

from tests.daemons.postgres import Postgres
from tests.ledger.model.ground import Ground, ground


@pytest.fixture
def played(postgres: Postgres, witnessed: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    url = postgres.make("played", witnessed)
    with ground(url, monkeypatch) as made:
        yield made
    postgres.drop("played")


def test_every_promise_is_kept(played: Ground) -> None:
    assert played.play(examples=60, steps=40) >= 60


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_promise_is_kept_over_ten_thousand_steps(played: Ground) -> None:
    assert played.play(examples=100, steps=100, derandomize=False, print_blob=True) >= 100
