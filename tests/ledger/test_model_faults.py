"""The model is proven by what it finds: each fault planted here is found, in the same way at every run."""

import pytest
from hypothesis import Phase

from tests.daemons.postgres import Postgres
from tests.ledger.model.faults import FOUND_BY_MODEL
from tests.ledger.model.ground import ground
from tests.ledger.model.witness import Broken

# One of each kind by default: in the move itself, in the lease, in the pin, in the sweep.
BY_DEFAULT = {
    "compare-and-set removed",
    "the pin is overwritten",
    "sweep does not find",
    "sweep does not erase",
}
FAULTS = [
    pytest.param(name, marks=[] if name in BY_DEFAULT else pytest.mark.long, id=name.replace(" ", "-"))
    for name in FOUND_BY_MODEL
]


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_found(name: str, postgres: Postgres, witnessed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = FOUND_BY_MODEL[name]
    url = postgres.make("planted", witnessed)
    try:
        postgres.psql("planted", fault.sql())
        with ground(url, monkeypatch, fault.after) as planted:
            planted.without = fault.without
            with pytest.raises(Broken, match=fault.found):
                planted.play(examples=300, steps=40, phases=[Phase.generate])
    finally:
        postgres.drop("planted")
