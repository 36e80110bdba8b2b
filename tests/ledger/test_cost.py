"""What the sweep reads follows what is open, not what is stored: counted in pages of Postgres."""

import json
import time
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from appliance import backlog
from appliance.accounts import owners
from appliance.board import failed, glance, lanes, workers
from appliance.files import service as images
from appliance.ledger.database import fetch
from tests.ledger.book import FAILURE, Book, age

PAGES = 600  # of 8 KiB; the table has over 3,000 with 50,000 finished rows, and 60,000 with a million
STORED = 50_000

_FINISHED = """
INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, state, blob, expires_at,
    check_at, created_at, uploaded_at, facts)
SELECT s.id, 'projects', s.owner, 'images', 'image', 'images', 'photo', 'photo.jpg', 'done', b.id,
    now() - interval '1 day', CASE WHEN 'done' IN ('init', 'deleting') THEN now() - interval '1 day' END,
    now() - interval '1 day', now() - interval '1 day',
    '{"format": "JPEG", "width": 4000, "height": 3000}'
FROM ledger.streams s, ledger.blobs b
"""
_BLOBS = """
INSERT INTO ledger.blobs (bucket, key, version_id, size, etag)
SELECT 'originals', 'projects/111/images/20260101/' || n, n::text, 4000000, 'etag' FROM generate_series(1, $1) n
"""


async def _store(rows: int, state: str = "done") -> None:
    await fetch(_BLOBS, rows)
    await fetch(_FINISHED.replace("'done'", f"'{state}'"))


async def _open(book: Book) -> None:
    """A few of all that a sweep looks for, all of it due."""
    for _ in range(5):
        for state in ("init", "expired", "uploaded", "processing", "error", "deleting", "deleted"):
            await age(await book.asset_in(state), 1000)
    for project in ("leaving", "gone"):
        await owners.PROJECTS.create(project, project)
    await book.uploaded("leaving")
    for project in ("leaving", "gone"):
        await owners.PROJECTS.delete(project)
    await fetch(
        "UPDATE ledger.assets SET tries = 0 "
        "WHERE id IN (SELECT id FROM ledger.assets WHERE state = 'processing' ORDER BY id LIMIT 2)"
    )


_LAST = "('infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff')"
CHORES = {
    **{
        call: f"SELECT * FROM ledger.{call}"
        for call in ("look_up(20)", "open_jobs('images', 20)", "erase_due(20)", "give_up('code', 'message', 20)")
    },
    "leaving": owners._LEAVING.format(owners=owners.OWNERS).replace("$1", "20000"),
    "forget": owners.PROJECTS._sql(owners._FORGET).replace("$1", "'projects'"),
    **{f"board {n}": sql for n, sql in enumerate((lanes._WAITING, lanes._FAILED, failed._REASONS))},
    "board failures": glance._FAILED,
    "board lateness": glance._LATE,
    "board workers": workers._DOING.replace("$1", "2000"),
    "board page": f"{failed._COLUMNS} AND (a.changed_at, a.id) < {_LAST} {failed._ORDER} LIMIT 51",
    "board page of a code": f"{failed._COLUMNS} AND (a.changed_at, a.id) < {_LAST} "
    f"AND a.error_code = '{FAILURE.code}' {failed._ORDER} LIMIT 51",
    **{f"figures {n}": sql for n, sql in enumerate((backlog._OPEN, backlog._LANES, backlog._ONE, backlog._FAILED))},
}


async def _explained(connection: asyncpg.Connection, sql: str) -> dict[str, Any]:
    """What it took to run a statement, which is undone again."""
    tried = connection.transaction()
    await tried.start()
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
    await tried.rollback()
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


async def check_cost(url: str, rows: int, statements: dict[str, str] = CHORES) -> None:
    connection = await asyncpg.connect(url)
    try:
        for chore, sql in statements.items():
            plan = [await _explained(connection, sql) for _ in range(2)][-1]  # the first reads the catalogue too
            pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            print(f"{chore} with {rows:,} finished: {pages} pages, {plan['Actual Total Time']:.1f} ms")
            assert plan["Actual Rows"] > 0 or statements is not CHORES, chore
            assert pages < PAGES, chore
    finally:
        await connection.close()


async def test_chores_read_only_what_is_open(book: Book, database_url: str) -> None:
    await _store(STORED)
    await _open(book)
    await check_cost(database_url, STORED)  # without statistics, as after a burst
    await fetch("ANALYZE ledger.assets")
    await check_cost(database_url, STORED)


def _page(sql: str, stream: int, of_states: str, before: UUID) -> str:
    """A page of photos, with what the API would give for its parameters."""
    given = {"$1": str(stream), "$2": f"'{before}'", "$3": "21", "$4": "'image'", "$5": "NULL", "$6": f"'{of_states}'"}
    for name, value in given.items():
        sql = sql.replace(name, value)
    return sql


@pytest.mark.parametrize("owner", [pytest.param("111", marks=pytest.mark.long), "small"])
async def test_a_page_of_photos_reads_no_others(book: Book, database_url: str, owner: str) -> None:
    """Neither those of other states, nor the newer ones of other projects."""
    await owners.PROJECTS.create("small", "small")
    await book.uploaded(owner)
    await _store(STORED)
    await fetch("DELETE FROM ledger.assets WHERE owner = 'small' AND state = 'done'")
    await fetch("ANALYZE ledger.assets")
    stream = await book.stream(owner)
    [middle] = await fetch("SELECT id FROM ledger.assets ORDER BY id OFFSET $1 LIMIT 1", STORED // 2)
    pages = {
        f"{owner} {states} before {place}": _page(sql, stream, states, before)
        for place, before in (("all", images._END), ("the middle", middle["id"]))
        for states, sql in (
            ("", images._PAGE),
            *((of, images._PAGE_OF_STATES) for of in ("{done,uploaded}", "{uploaded}", "{uploaded,error}")),
        )
    }
    await check_cost(database_url, STORED, pages)


@pytest.mark.parametrize("state", ["init", "deleting"])
async def test_looking_and_erasing_read_nothing_of_each_other(book: Book, database_url: str, state: str) -> None:
    """However much is open of one of them, and however long it has been due."""
    await _store(10_000, state)
    await _open(book)
    await check_cost(database_url, 10_000)


@pytest.mark.long
async def test_chores_read_only_what_is_open_of_a_million(book: Book, database_url: str) -> None:
    started = time.monotonic()
    await _store_many(database_url, 1_000_000)
    print(f"a million rows in {time.monotonic() - started:.0f} s")
    await _open(book)
    await check_cost(database_url, 1_000_000)
    started = time.monotonic()
    for call in ("look_up(1000)", "open_jobs('images', 300)", "give_up('code', 'message', 200)", "erase_due(100)"):
        assert await fetch(f"SELECT * FROM ledger.{call}")
    taken = time.monotonic() - started
    print(f"one round of the ledger's part of the sweep: {taken * 1000:.0f} ms")
    assert taken < 2


async def _store_many(url: str, rows: int) -> None:
    """By a connection that waits longer than a request would."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_BLOBS.replace("$1", str(rows)))
        await connection.execute(_FINISHED)
    finally:
        await connection.close()


async def test_a_page_of_a_folder_reads_no_photos(book: Book, database_url: str) -> None:
    await book.uploaded()
    await _store(STORED)
    await fetch(
        "UPDATE ledger.assets SET folder = 'documents' WHERE id IN (SELECT id FROM ledger.assets ORDER BY id LIMIT 5)"
    )
    await fetch("ANALYZE ledger.assets")
    sql = images._PAGE_OF_FOLDER.replace("$5", "'documents'")
    given = {"$1": str(await book.stream()), "$2": f"'{images._END}'", "$3": "21", "$4": "NULL"}
    for name, value in given.items():
        sql = sql.replace(name, value)
    await check_cost(database_url, STORED, {"a page of documents": sql})
    found, _ = await images.page(await book.stream(), None, None, 20, folder="documents")
    assert [one.folder for one in found] == ["documents"] * 5
