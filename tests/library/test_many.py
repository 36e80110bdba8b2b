"""Libraries of many files: what reads them reads a page at a time, whatever else they hold; in pages of Postgres."""

import json
from typing import Any

import asyncpg
import pytest

from appliance import backlog
from appliance.board import lanes
from appliance.ledger.database import fetch
from appliance.library import counting, listing, orphans, upkeep, wanted, wishes
from tests.ledger.book import Book

WAITING = 20_000
PAGES = 500  # of 8 KiB; what waits has 650 in one table, and 1,700 in the other
_LIBRARY = "SELECT id FROM ledger.library_mount('Films', '{}', 'rules')"
# As a scan leaves them, in the order in which they lie in folders; many have the same worth.
FILES = """
WITH of AS (SELECT id, root, owner FROM ledger.streams WHERE root = 'system' AND owner = 'library'), queued AS (
    INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, state,
        worth, expires_at, uploaded_at)
    SELECT of.id, of.root, of.owner, ledger.library_folder($1), 'video', 'backfill', 'library', n || '.mkv',
        (CASE n % 1000 WHEN 0 THEN 'error' WHEN 1 THEN 'processing' ELSE 'uploaded' END)::ledger.asset_state,
        n * 7919 % 1009, now(), now() FROM of, generate_series(1, $2) n
    RETURNING id, filename
)
INSERT INTO ledger.library_files (library, digest, path, size, version, rules, reason, facts, seen_in, asset)
SELECT $1, substr(sha256(filename::bytea), 1, 16), filename::bytea, 1000, '1-1-1', 'rules', 'it is h264',
    jsonb_build_object('codec', 'h264', 'estimated_bytes', 500, 'estimated_cpu_seconds', 10, 'more', repeat('x', 300)),
    1, id
FROM queued
"""
RESULTS = """
INSERT INTO ledger.library_results (asset, library, at, path, outcome, reason, before_bytes, after_bytes, cpu_seconds)
SELECT f.asset, f.library, now() - f.number * interval '1 second', f.path,
    CASE WHEN f.number % 4000 = 0 THEN 'kept' ELSE 'replaced' END, 'it is h264', 1000, 500, 10
FROM ledger.library_files f WHERE f.library = $1
"""
_NOT_MOUNTED = """
UPDATE ledger.libraries SET mounted_at = now() - interval '2 minutes', workflow = '{"name": "Films"}'
"""
COUNTS = ("counted", "lanes", "lanes of the board", "left to bring back")
"""What goes through an index of all that waits, or is wanted back."""
WISHES = ("asked back", "to be let go of", "kept on while asked back", "of nobody", "not brought back")
_FROM_THE_FIRST = "'-infinity', '00000000-0000-0000-0000-000000000000'"
_UNTIL_NOW = "'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'"


@pytest.fixture
async def library(book: Book) -> int:
    [row] = await fetch(_LIBRARY)
    await fetch(FILES, row["id"], WAITING)
    await fetch(
        "UPDATE ledger.assets SET attempts = 1, lease_until = now() + interval '1 hour' WHERE state = 'processing'"
    )
    await fetch(RESULTS, row["id"])
    await fetch("VACUUM ANALYZE ledger.assets, ledger.library_files, ledger.library_results")
    return int(row["id"])


async def _pages(url: str, name: str, sql: str, *given: str) -> int:
    """That are read for a statement, by the plan for any parameters, as the pool has it."""
    connection = await asyncpg.connect(
        url, statement_cache_size=0, server_settings={"plan_cache_mode": "force_generic_plan"}
    )
    try:
        await connection.execute(f"PREPARE asked AS {sql}")
        call = f"EXECUTE asked ({', '.join(given)})" if given else "EXECUTE asked"
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {call}"
        text = [await connection.fetchval(explain) for _ in range(2)][-1]  # the first reads the catalogue too
    finally:
        await connection.close()
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    pages = int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    print(f"{name}: {plan['Actual Total Time']:.1f} ms, {pages:,} pages")
    return pages


async def _check_counts(library: int) -> None:
    """All that waits, with what is known of it."""
    # It has failed, and has changed since.
    await fetch("UPDATE ledger.library_files SET why = 'codec' WHERE path = '2000.mkv'")
    counted = (await counting.count(library)).ahead
    [by_hand] = await fetch("""
SELECT count(*) FILTER (WHERE a.state = 'uploaded'), count(*) FILTER (WHERE a.state = 'processing'),
    count(*) FILTER (WHERE a.state = 'error'), sum(f.size) FILTER (WHERE a.state <> 'error')
FROM ledger.assets a JOIN ledger.library_files f ON f.asset = a.id
""")
    assert (counted.waiting, counted.under_way, counted.failed) == (WAITING - 40, 20, 20)
    assert (counted.waiting, counted.under_way, counted.failed, counted.bytes) == tuple(by_hand)
    assert (counted.estimated_bytes, counted.cpu_seconds) == (500 * (WAITING - 20), 10 * (WAITING - 20))


async def test_what_waits_is_shown_a_page_at_a_time_each_once_and_is_counted(library: int) -> None:
    found, cursor = await listing.planned(library, 200, None)
    while cursor:
        page, cursor = await listing.planned(library, 200, cursor)
        found += page
    assert len({one.asset for one in found}) == len(found) == WAITING
    order = [(one.worth or 0.0, one.asset) for one in found]
    assert order == sorted(order, reverse=True)
    assert {one.state for one in found} == {"uploaded", "processing", "error"}
    await _check_counts(library)


async def reads(library: int, url: str) -> dict[str, int]:
    """Pages that each of these reads."""
    one = str(library)
    asked = {
        "plan": (listing._PLAN, one, _UNTIL_NOW, "51"),
        "plan, later": (listing._PLAN, one, "500, 'ffffffff-ffff-ffff-ffff-ffffffffffff'", "51"),
        "results": (listing._RESULTS.format(only=""), one, _UNTIL_NOW, "51"),
        "results of one kind": (listing._RESULTS.format(only="AND r.outcome = $5"), one, _UNTIL_NOW, "5", "'kept'"),
        "counted": (counting._OPEN, one),
        "offered": ("SELECT * FROM ledger.open_backfill($1)", "100"),
        "offered of other lanes": ("SELECT * FROM ledger.open_jobs($1, $2)", "'images'", "300"),
        "due": ("SELECT * FROM ledger.library_due($1, $2)", one, "86400"),
        "worked on before": (upkeep._WANTED,),
        "asked back": (wanted.UNDONE, one, _FROM_THE_FIRST, "50"),
        "to be let go of": (wanted.RELEASED, one, _FROM_THE_FIRST, "50"),
        "kept on while asked back": (upkeep._WAITING, f"ARRAY[{one}]"),
        "of nobody": (orphans._ORPHANED, "ARRAY[0]"),
        "left to bring back": (wishes._LEFT, "'Films'"),
        "not brought back": (wishes._NOT_UNDONE, "'Films'", "1000"),
        "lanes": (backlog._LANES,),
        "lanes of the board": (lanes._WAITING,),
    }
    return {name: await _pages(url, name, *statement) for name, statement in asked.items()}


async def test_lists_and_looks_read_only_what_they_show(library: int, database_url: str) -> None:
    pages = await reads(library, database_url)
    assert {name: count for name, count in pages.items() if count >= PAGES} == {}, pages


async def test_what_is_wanted_back_is_read_a_page_at_a_time(library: int, database_url: str) -> None:
    await want_back()
    await fetch("VACUUM ANALYZE ledger.library_results")
    pages = await reads(library, database_url)
    assert {name: count for name, count in pages.items() if count >= PAGES and name not in COUNTS} == {}, pages
    assert {name: pages[name] for name in WISHES if pages[name] >= 50} == {}


async def want_back() -> int:
    """Somebody wants all originals back, of a library that nobody has mounted any more; how many these are."""
    files = await wishes.undo_below("Films", b"")
    await fetch(_NOT_MOUNTED)
    assert await wishes.undoing("Films") == (files, [])
    return files
