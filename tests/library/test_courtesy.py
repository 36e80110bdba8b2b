"""When a library waits: outside its hours, for files that somebody waits for, for storage that repairs itself."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.care import report
from appliance.config import Config
from appliance.library import wishes
from appliance.library.courtesy import Around, look, waits
from appliance.library.scanning import Scanning
from appliance.library.schedule import within
from appliance.library.shelf import Shelf
from appliance.library.workflow import Workflow, read
from appliance.valkey import quick
from processors.sandbox.layers import Protection
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book

NIGHT, DAY = datetime(2026, 11, 27, 2, 30), datetime(2026, 11, 27, 12, 0)
UTC = Config(timezone="UTC")
FILMS = {
    "name": "Films",
    "source": {"folder": "/srv/films"},
    "target": {"codec": "h265"},
    "replace": {"allowed": True},
}
QUIET: dict[str, Any] = {"round": None, "drives": [{"state": "ok"}]}


def workflow(**different: Any) -> Workflow:
    return read(json.dumps(FILMS | different).encode())


@pytest.mark.pure
@pytest.mark.parametrize(
    ("hours", "moment", "inside"),
    [
        ((), DAY, True),
        (("22:00-06:00",), NIGHT, True),
        (("22:00-06:00",), DAY, False),
        (("22:00-06:00",), NIGHT.replace(hour=6, minute=0), False),
        (("22:00-06:00",), NIGHT.replace(hour=22, minute=0), True),
        (("01:00-02:00", "02:30-03:00"), NIGHT, True),
        (("12:00-12:00",), NIGHT, True),
        (("09:00-12:00",), DAY, False),
    ],
)
def test_hours(hours: tuple[str, ...], moment: datetime, inside: bool) -> None:
    assert within(hours, moment) is inside


@pytest.mark.pure
@pytest.mark.parametrize(
    ("different", "around", "why"),
    [
        ({}, Around(DAY, 0, healing=False), None),
        ({"replace": {"allowed": False}}, Around(DAY, 0, healing=False), "replace.allowed is false"),
        ({"schedule": {"hours": ["22:00-06:00"]}}, Around(DAY, 0, healing=False), "it is 12:00, outside 22:00-06:00"),
        ({}, Around(DAY, 400, healing=False), "400 files"),
        ({}, Around(DAY, 1000, healing=False), "1,000 or more files"),
        ({"courtesy": {"uploads": False}}, Around(DAY, 1200, healing=False), None),
        ({}, Around(DAY, 0, healing=True), "storage repairs itself"),
        ({"courtesy": {"healing": False}}, Around(DAY, 0, healing=True), None),
    ],
)
def test_who_goes_first(different: dict[str, Any], around: Around, why: str | None) -> None:
    said = waits(workflow(**different), around)
    assert said is None if why is None else why in (said or "")


async def test_uploads_and_healing_are_seen_where_they_are(book: Book, valkey: Valkey) -> None:
    valkey.client().flushall()
    redis = quick(f"redis://:{valkey.password}@127.0.0.1:{valkey.port}")
    assert not (await look(redis, UTC)).healing  # where nobody tells of storage
    await report.tell(redis, QUIET)
    assert not (await look(redis, UTC)).healing
    await report.tell(redis, QUIET | {"drives": [{"state": "healing"}]})
    assert (await look(redis, UTC)).healing
    await report.tell(redis, QUIET | {"round": {"kind": "heal"}})
    assert (await look(redis, UTC)).healing
    await report.tell(redis, QUIET | {"round": {"kind": "scrub"}})
    seen = await look(redis, UTC)
    assert (seen.wanted, seen.healing) == (0, False)
    await book.uploaded()
    assert (await look(redis, UTC)).wanted == 1
    # What waits in a lane that somebody has paused keeps nobody waiting for ever.
    assert (await look(redis, replace(UTC, images_paused=True))).wanted == 0


async def test_only_what_goes_first_holds_up_what_is_under_way(book: Book, valkey: Valkey, tmp_path: Path) -> None:
    """A full disk, say, keeps files from being begun."""
    valkey.client().flushall()
    redis = quick(f"redis://:{valkey.password}@127.0.0.1:{valkey.port}")
    (tmp_path / "films.json").write_text(json.dumps(FILMS | {"source": {"folder": str(tmp_path)}}))
    shelf = Shelf(tmp_path, book.ledger, Scanning(book.ledger, Protection(frozenset())), redis, replace(UTC, host=""))
    try:
        await shelf.look()
        [library] = shelf.libraries
        shelf.hold(library, "its disk is full")
        await shelf.look()
        assert (await shelf.why_not(library), shelf.waits(library)) == ("its disk is full", False)
        await wishes.pause("Films", paused=True)
        await shelf.look()
        assert (await shelf.why_not(library), shelf.waits(library)) == ("it is paused", True)
        await wishes.pause("Films", paused=False)
        await shelf.look()
        assert not shelf.waits(library)
    finally:
        await shelf.close()
