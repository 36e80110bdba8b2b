"""Which state may follow which: the enum, the table of moves and the trigger agree."""

import asyncio

import asyncpg
import pytest

from appliance.ledger.database import fetch
from appliance.ledger.states import State
from tests.ledger.book import Book

MOVES = {
    "init": {"uploaded", "expired", "error", "deleting"},
    "expired": {"uploaded", "deleting"},
    "uploaded": {"processing", "error", "deleting"},
    "processing": {"done", "error", "deleting"},
    "done": {"error", "deleting", "uploaded"},
    "error": {"uploaded", "deleting"},
    "deleting": {"deleted"},
    "deleted": set(),
}
ALL = [(source, target) for source in MOVES for target in MOVES if source != target]


async def test_enum_and_table_of_moves_are_those_of_the_design(book: Book) -> None:
    rows = await fetch("SELECT source::text, target::text FROM ledger.moves")
    assert {(row["source"], row["target"]) for row in rows} == {(s, t) for s in MOVES for t in MOVES[s]}
    labels = await fetch("SELECT unnest(enum_range(NULL::ledger.asset_state))::text AS state")
    assert [row["state"] for row in labels] == list(State)
    assert set(MOVES) == set(State)


async def test_every_allowed_move_is_made_and_told_once(book: Book) -> None:
    for source, target in ALL:
        if target in MOVES[source]:
            asset = await book.asset_in(source)
            before = await book.head()
            assert await book.move([asset], source, target), (source, target)
            assert await book.state(asset) == target
            assert await book.head() == before + 1


async def test_every_other_move_is_refused_and_leaves_nothing_behind(book: Book) -> None:
    for source, target in ALL:
        if target not in MOVES[source]:
            asset = await book.asset_in(source)
            before = await book.head()
            with pytest.raises(asyncpg.CheckViolationError):
                await book.move([asset], source, target)
            assert await book.state(asset) == source
            assert await book.head() == before


async def test_the_trigger_holds_against_a_plain_update(book: Book) -> None:
    asset = await book.asset_in("init")
    with pytest.raises(asyncpg.CheckViolationError):
        await fetch("UPDATE ledger.assets SET state = 'done' WHERE id = $1", asset)


async def test_losing_a_race_is_a_no_op(book: Book) -> None:
    """Sixteen claim the same asset: one gets it; sixteen finish with its lease: one does; each is told once."""
    asset = await book.uploaded()
    claims = [c for c in await asyncio.gather(*(book.ledger.claim(asset, 30) for _ in range(16))) if c]
    assert len(claims) == 1
    finished = await asyncio.gather(*(book.finish(claims[0]) for _ in range(16)))
    assert sum(finished) == 1
    assert [event["state"] for event in await book.events()] == ["init", "uploaded", "processing", "done"]
    assert await book.ledger.expire([asset]) == []
    assert len(await book.events()) == 4


async def test_what_was_appended_is_rung_and_nothing_else(book: Book) -> None:
    claim = await book.claimed()
    await book.finish(claim)
    await book.finish(claim)
    stream = await book.stream()
    assert book.rung == [(stream, 1), (stream, 2), (stream, 3), (stream, 4)]


async def test_an_asset_named_twice_moves_once(book: Book) -> None:
    asset = await book.slot()
    assert await book.ledger.expire([asset, asset]) == [asset]
    assert [event["state"] for event in await book.events()] == ["init", "expired"]
