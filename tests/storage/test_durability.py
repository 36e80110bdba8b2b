"""The arithmetic of durability, against a simulation of the same model and against limits that are known."""

import random
from pathlib import Path

import pytest

from storage.durability import HOURS_A_YEAR, loss_a_year, nines, table, worth

pytestmark = pytest.mark.pure


def simulated(drives: int, parity: int, repair_hours: float, rate: float, years: int, seed: int) -> float:
    """The probability of a loss within a year, from `years` lives of a set, drawn at random."""
    draw, losses = random.Random(seed), 0
    for _ in range(years):
        now, lost = 0.0, 0
        while True:
            failing, repairing = (drives - lost) * rate / HOURS_A_YEAR, (1 / repair_hours if lost else 0.0)
            now += draw.expovariate(failing + repairing)
            if now > HOURS_A_YEAR:
                break
            lost += 1 if draw.random() < failing / (failing + repairing) else -1
            if lost > parity:
                losses += 1
                break
    return losses / years


# At rates so high that a simulation sees enough losses; the chain is the same at any rate.
@pytest.mark.parametrize(
    ("drives", "parity", "repair_hours", "rate"), [(4, 2, 168.0, 2.5), (8, 3, 168.0, 1.6), (1, 0, 24.0, 0.05)]
)
def test_arithmetic_is_what_a_simulation_gives(drives: int, parity: int, repair_hours: float, rate: float) -> None:
    told = loss_a_year(drives, parity, repair_hours, rate)
    seen = simulated(drives, parity, repair_hours, rate, years=40_000, seed=1)
    assert told == pytest.approx(seen, rel=0.05)


def test_single_drive_is_lost_as_often_as_drives_fail() -> None:
    assert loss_a_year(1, 0, 24, 0.0157) == pytest.approx(0.0157, rel=0.01)


def test_more_parity_faster_repair_and_fewer_sets_are_better() -> None:
    assert loss_a_year(8, 4, 72) < loss_a_year(8, 3, 72) < loss_a_year(8, 3, 168)
    assert nines(1e-9, sets=10) == pytest.approx(8)


def test_table_has_the_figures_of_the_proposal() -> None:
    assert "| 4 | 2 | 50% | 9.2 | 8.2 | 7.5 |" in table()
    assert "| 16 | 4 | 75% | 13.6 | 11.6 | 10.2 |" in table()


def test_what_each_measure_is_worth_is_in_the_proposal_as_it_is_printed() -> None:
    told = worth()
    assert told in (Path(__file__).parents[2] / "storage/README.md").read_text()
    assert "| EC:2 of four drives, not one drive | 1.8 | 8.2 |" in told
    assert told.splitlines()[-1].endswith("| 3.0 | 6.8 |")


@pytest.mark.parametrize(("drives", "parity"), [(0, 0), (4, 3), (4, -1)])
def test_layout_that_can_not_be_is_refused(drives: int, parity: int) -> None:
    with pytest.raises(ValueError, match="parity"):
        loss_a_year(drives, parity, 24)
