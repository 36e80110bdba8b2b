"""The server's words on a healing, as they are."""

from typing import Any

import pytest

from storage.admin import Course, batch

pytestmark = pytest.mark.pure

NEVER = "0001-01-01T00:00:00Z"
BEGAN = "2026-11-25T22:39:36.658977975Z"


def item(before: str, after: str, detail: str = "", version: str = "v") -> dict[str, Any]:
    """An object version whose shards were in these states: o(k), m(issing), c(orrupt), a(way)."""
    names = {"o": "ok", "m": "missing", "c": "corrupt", "a": "offline"}
    sides = {
        name: {"drives": [{"endpoint": f"/d{n}", "state": names[one]} for n, one in enumerate(states)]}
        for name, states in (("before", before), ("after", after))
    }
    told = {"type": "object", "bucket": "originals", "object": "k", "versionId": version, "objectSize": 5}
    return told | {"detail": detail, "diskCount": 4, **sides}


def of(*items: dict[str, Any], summary: str = "running", began: str = BEGAN) -> Any:
    return batch({"Summary": summary, "StartTime": began, "Items": list(items)})


@pytest.mark.parametrize(
    ("before", "after", "detail", "mended", "unhealed", "waits"),
    [
        ("oooo", "oooo", "", False, False, False),
        ("omoo", "oooo", "", True, False, False),
        ("occo", "oooo", "", True, False, False),
        ("occo", "occo", "", False, True, False),
        ("ooao", "ooao", "", False, False, True),
        ("omao", "ooao", "", True, False, True),
        ("occc", "occc", "Read failed. Insufficient number of drives online", False, True, False),
        ("oooo", "oooo", "all drives had write errors", False, True, False),
    ],
)
def test_what_became_of_an_object_version(
    before: str, after: str, detail: str, mended: bool, unhealed: bool, waits: bool
) -> None:
    one = of(item(before, after, detail)).results[0]
    assert (one.mended, one.unhealed, one.waits) == (mended, unhealed, waits)


def test_why_in_words() -> None:
    one = of(item("ocmm", "ocmm", "Read failed")).results[0]
    assert one.why == "of 4 shards 1 corrupt, 2 missing; Read failed"


def test_a_bucket_without_versions_calls_its_only_one_null() -> None:
    assert of(item("oooo", "oooo", version="null")).results[0].version_id == ""


def test_a_healing_that_the_server_does_not_know_is_not_one_that_has_ended() -> None:
    assert of(summary="finished").course is Course.FINISHED
    assert of(summary="finished", began=NEVER).course is Course.LOST
    assert of(summary="running").course is Course.RUNNING
    assert (
        batch({"Summary": "stopped", "Detail": "no drives", "StartTime": BEGAN, "Items": None}).course is Course.FAILED
    )
