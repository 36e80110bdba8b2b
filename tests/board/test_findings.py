"""What is found about libraries, in words: pure."""

from datetime import UTC, datetime

import pytest

from appliance.board.findings import of_libraries
from storage.sentences import Level

pytestmark = pytest.mark.pure
SEEN = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)


def test_a_library_that_nothing_is_found_in_any_more_says_why_and_what_to_do() -> None:
    rows = [
        {"name": "Films", "host": "", "problem": None, "look_problem": "the finder listed hangs.", "seen": SEEN},
        {"name": "bad.json", "host": "a", "problem": "name: it is missing", "look_problem": None, "seen": None},
        {"name": "bad.json", "host": "b", "problem": "it is no JSON", "look_problem": None, "seen": None},
    ]
    look, workflow, other = of_libraries(rows)
    assert workflow.about != other.about
    assert look.what == "The last look through the library Films came to no end: the finder listed hangs."
    assert (look.severity, look.since, look.about) == (Level.ACT, SEEN, {"library": "Films"})
    assert "./ops/library scan" in look.remedy
    assert workflow.what == "The library bad.json can't be used: name: it is missing."
    assert "./ops/library schema" in workflow.remedy
