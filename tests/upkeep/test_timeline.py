"""The life of an asset as it is told: every step, in order, with who did it and what came of it."""

from uuid import uuid4

import pytest

from appliance.assets.timeline import MOST, Entry, timeline
from appliance.errors import NotFound
from appliance.ledger.database import fetch
from tests.ledger.book import FAILURE, age
from tests.upkeep.house import House

_HOOK = "INSERT INTO webhooks (id, project, url, secret, events, cursor) VALUES ($1, '111', 'u', 's', '{}', 0)"


def told(entries: list[Entry]) -> list[str]:
    return [str(entry["what"]) for entry in entries]


async def test_of_one_that_went_well(house: House) -> None:
    asset = await house.done()
    life = await timeline(asset)
    assert told(life.entries) == [*("link_issued", "uploaded", "attempt_began", "processing", "attempt_ended", "done")]
    ended = life.entries[-2]
    assert (ended["attempt"], ended["outcome"]) == (1, "done")
    assert life.state == "done"
    assert life.source is not None
    assert life.source["bytes"] == len(b"a photo")
    assert [version["name"] for version in life.versions] == ["big", "thumb"]
    for version in life.versions:
        assert version["source_sha256"] == life.source["sha256"]
        assert len(version["sha256"]) == 64
        assert version["recipe_hash"] == "recipe"


async def test_of_one_that_was_tried_in_vain(house: House) -> None:
    asset = await house.uploaded()
    put_off = await house.ledger.claim(asset, 30)
    assert put_off is not None
    await house.ledger.give_back(put_off, 0)
    assert await house.ledger.claim(asset, 0) is not None  # and its worker is never heard of again
    last = await house.ledger.claim(asset, 30)
    assert last is not None
    await house.ledger.fail(last, FAILURE)
    life = await timeline(asset)
    ends = [entry["outcome"] for entry in life.entries if entry["what"] == "attempt_ended"]
    assert ends == ["put_off", "lease_ran_out", FAILURE.code]
    assert life.entries[-1]["what"] == "error"
    assert life.entries[-1]["code"] == FAILURE.code
    assert life.entries[-1]["fixer"] == FAILURE.fixer


async def test_it_says_which_signal_brought_the_bytes(house: House) -> None:
    asset = await house.slot()
    await house.ledger.hurry(asset)
    came = house.book.bytes(asset)
    await house.ledger.arrive("originals", [came], "notification")
    await house.ledger.arrive("originals", [came], "sweep")
    life = await timeline(asset)
    signals = [entry["signal"] for entry in life.entries if "signal" in entry]
    assert signals == ["hint", "notification"]


async def test_it_says_what_was_delivered(house: House) -> None:
    asset = await house.done()
    hook = uuid4()
    await fetch(_HOOK, hook)
    await fetch(
        "INSERT INTO webhook_attempts (webhook, message, seq, asset, milliseconds, status) "
        "VALUES ($1, 'm', 4, $2, 12, 200)",
        hook,
        asset,
    )
    delivery = (await timeline(asset)).entries[-1]
    assert (delivery["what"], delivery["status"], delivery["seq"]) == ("delivery", 200, 4)


async def test_of_very_many_the_newest_are_told_and_that_there_are_more(house: House) -> None:
    asset = await house.done()
    assert not (await timeline(asset)).more
    hook = uuid4()
    await fetch(_HOOK, hook)
    await fetch(
        "INSERT INTO webhook_attempts (webhook, message, seq, asset, milliseconds, status) "
        "SELECT $1, 'm', n, $2, 12, 500 FROM generate_series(1, $3::integer) n",
        *(hook, asset, MOST + 20),
    )
    await fetch(
        "INSERT INTO ledger.attempts (asset, attempt, worker, claimed_at) "
        "SELECT $1, n, 'w', now() FROM generate_series(100, $2::integer) n",
        *(asset, 100 + MOST + 20),
    )
    life = await timeline(asset)
    assert life.more
    deliveries = [entry["seq"] for entry in life.entries if entry["what"] == "delivery"]
    assert deliveries == list(range(21, MOST + 21))
    assert told(life.entries).count("attempt_began") == MOST


async def test_what_the_rows_hold_outlives_the_events(house: House) -> None:
    asset = await house.done()
    await age(asset, 40 * 24 * 3600)
    await fetch("DELETE FROM ledger.events WHERE asset = $1", asset)
    assert told((await timeline(asset)).entries) == ["link_issued", "uploaded", "attempt_began", "attempt_ended"]


async def test_the_attempts_name_their_worker(house: House, database_url: str) -> None:
    import asyncpg

    asset = await house.uploaded()
    worker = await asyncpg.connect(database_url, server_settings={"application_name": "worker-images-7"})
    await worker.fetch("SELECT FROM ledger.claim($1, 30)", asset)
    await worker.close()
    began = next(entry for entry in (await timeline(asset)).entries if entry["what"] == "attempt_began")
    assert began["worker"] == "worker-images-7"


async def test_of_what_is_deleted_nothing_is_told(house: House) -> None:
    asset = await house.done()
    await house.ledger.remove([asset])
    with pytest.raises(NotFound):
        await timeline(asset)
    with pytest.raises(NotFound):
        await timeline(uuid4())
