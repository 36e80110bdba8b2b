"""How well the list that comes with it tells what is bad from what only looks so, by cases of somebody else's.

`dev.tsv` was looked at while the list was made, so it only holds what was reached. `held.tsv` is half of 300 cases of
which the other half was looked at; it was judged once, when the list was done, and what it missed was left so.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from appliance.profiles.words import start
from appliance.profiles.words.judging import Judge

pytestmark = pytest.mark.pure
CASES = Path(__file__).parent / "cases"
PRECISION, RECALL = 0.98, 0.95


class Case(NamedTuple):
    text: str
    expected: str
    language: str
    note: str


class Score(NamedTuple):
    precision: float
    recall: float
    wrong: list[str]


def score(name: str) -> Score:
    judge = Judge(start.listed())
    assert not judge.broken
    cases = [Case(*line.split("\t")) for line in (CASES / name).read_text(encoding="utf-8").splitlines()[1:]]
    found = {case.text: bool(judge.found(case.text)) for case in cases}
    bad = {case.text for case in cases if case.expected == "bad"}
    told = {text for text, is_found in found.items() if is_found}
    return Score(len(told & bad) / len(told), len(told & bad) / len(bad), sorted(told ^ bad))


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("*.tsv")))
def test_nearly_all_that_is_bad_is_found_and_nearly_nothing_else(name: str) -> None:
    got = score(name)
    print(f"{name}: precision {got.precision:.3f}, recall {got.recall:.3f}")
    assert got.precision >= PRECISION, got.wrong
    assert got.recall >= RECALL, got.wrong
