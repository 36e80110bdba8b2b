"""A library of a million files, all of which wait: what a plan, and a look at what is as it was, take for it.

`python -m pytest -m long -s tests/library/test_million.py` prints the figures that README has.
"""

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from appliance.ledger.database import fetch
from appliance.library import wishes
from appliance.library.catalogue import digest
from appliance.library.finders import find
from appliance.library.scanning import Scanning
from appliance.library.workflow import Workflow
from processors.sandbox.probe import probe as probe_layers
from tests.ledger.book import Book
from tests.library.films import OLD
from tests.library.test_many import COUNTS, PAGES, RESULTS, reads, want_back
from tests.library.test_scanning import House, workflow
from tests.stack import CHECKOUT, environment

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

FOLDERS, IN_EACH = 1000, 1000
_GIVEN = (
    "CREATE TEMPORARY TABLE given (digest bytea, path bytea, size bigint, version text, asset uuid DEFAULT uuidv7())"
)
_ASSETS = """
INSERT INTO ledger.assets (id, stream, root, owner, folder, kind, lane, recipe, filename, state, worth, expires_at,
    uploaded_at)
SELECT g.asset, s.id, s.root, s.owner, ledger.library_folder($1), 'video', 'backfill', 'library', 'film.mkv',
    'uploaded', 1e9 * random(), now(), now()
FROM given g, ledger.streams s WHERE s.root = 'system' AND s.owner = 'library'
"""
_FILES = """
INSERT INTO ledger.library_files (library, digest, path, size, version, rules, reason, facts, seen_in, asset)
SELECT $1, digest, path, size, version, $2, 'it is h264', $3::jsonb, 0, asset FROM given
"""
_WRITTEN = "SELECT (pg_current_wal_lsn() - '0/0')::float AS bytes"
_FACTS = {"codec": "h264", "estimated_bytes": 1, "estimated_cpu_seconds": 21_600.0, "more": "x" * 250}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    top = tmp_path_factory.mktemp("million")
    for folder in range(FOLDERS):
        inside = top / f"{folder:03d}"
        inside.mkdir()
        for number in range(IN_EACH):
            path = f"{inside}/film-number-{number:04d}.mkv"
            with open(path, "xb", buffering=0) as file:  # pathlib takes five times as long
                file.write(b"x")
                os.utime(file.fileno(), (OLD, OLD))
    yield top
    shutil.rmtree(top)


def told(what: str, began: tuple[float, float], cpu: float, memory: float) -> None:
    load = os.getloadavg()[0]
    print(f"{what}: {time.monotonic() - began[0]:.0f} s, {cpu - began[1]:.1f} CPU s, {memory:.0f} MB; load {load:.0f}")


def test_a_plan(films: Path) -> None:
    """Of files that need not be opened, in memory that has nothing of their number."""
    path = films.parent / "million.json"
    path.write_text(json.dumps(_plain(films, rules={"least_size": "1k"})))
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [CHECKOUT / "ops/library", "plan", path, "--json", "--most", "10"]
    with (films.parent / "plan").open("w+") as out:
        running, memory = subprocess.Popen(command, env=environment(), stdout=out), 0
        while running.poll() is None:
            memory = max(memory, peak(running.pid))
            time.sleep(0.1)
        out.seek(0)
        plan = json.load(out)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert plan["skips"] == {"size": FOLDERS * IN_EACH}
    told("plan", (began, before.ru_utime + before.ru_stime), spent.ru_utime + spent.ru_stime, memory / 1024)
    assert 0 < memory < 120_000


def peak(pid: int) -> int:
    """Of the memory of a process, in KiB; 0 of one that has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _plain(films: Path, **different: object) -> dict[str, object]:
    return {"name": "Films", "source": {"folder": str(films)}, "target": {"codec": "h265"}, **different}


def _rows(made: Workflow, top: bytes) -> Iterator[tuple[bytes, bytes, int, str]]:
    for one in find(made.source):
        path = os.path.relpath(os.fsencode(one.path), top)
        yield digest(path), path, one.size, one.version  # type: ignore[union-attr]


async def _filled(url: str, library: int, made: Workflow) -> None:
    """As a first look at films leaves the ledger."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_GIVEN)
        columns = ("digest", "path", "size", "version")
        await connection.copy_records_to_table(
            "given", records=_rows(made, os.fsencode(made.source.folder)), columns=columns
        )
        await connection.execute(_ASSETS, library)
        await connection.execute(_FILES, library, made.hash(), json.dumps(_FACTS))
        await connection.execute("VACUUM ANALYZE ledger.assets, ledger.library_files")
    finally:
        await connection.close()


async def test_a_look_at_what_is_as_it_was(book: Book, database_url: str, films: Path) -> None:
    try:
        pages = await _looked(book, database_url, films)
        assert {name: count for name, count in pages.items() if count >= PAGES and name not in COUNTS} == {}
        pages = await _wanted_back(database_url)
        assert {name: count for name, count in pages.items() if count >= PAGES and name not in COUNTS} == {}
    finally:  # row by row it would take longer than a statement may
        await fetch("TRUNCATE ledger.assets, ledger.library_files CASCADE")


async def _looked(book: Book, url: str, films: Path) -> dict[str, int]:
    """What reading of it takes then, in pages."""
    house, made = House(book, Scanning(book.ledger, await probe_layers())), workflow(films)
    library = await house.asked(made)
    await _filled(url, library.id, made)
    [before] = await fetch(_WRITTEN)
    peak, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, (time.monotonic(), time.process_time())
    counts = await house.scan(made)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
    [after] = await fetch(_WRITTEN)
    told("look, without Postgres", began, time.process_time(), grown)
    print(f"written by Postgres: {(after['bytes'] - before['bytes']) / 1e6:.1f} MB")
    assert (counts.seen, counts.probed) == (FOLDERS * IN_EACH, 0)
    assert after["bytes"] - before["bytes"] < 50_000_000
    assert grown < 50
    return await reads(library.id, url)


async def _wanted_back(url: str) -> dict[str, int]:
    """All were replaced but for a few, and somebody wants all of them back; what reading takes then, in pages."""
    [library] = await fetch("SELECT id FROM ledger.libraries")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(RESULTS, library["id"])
        await connection.execute("VACUUM ANALYZE ledger.library_results")
    finally:
        await connection.close()
    began = time.monotonic()
    files = await want_back()
    print(f"{files:,} wanted back: asked and counted in {time.monotonic() - began:.1f} s")
    assert files == FOLDERS * IN_EACH - FOLDERS * IN_EACH // 4000
    began = time.monotonic()
    assert await wishes.undo_below("Films", b"500/film-number-0700.mkv") == 1
    print(f"one of them: asked in {time.monotonic() - began:.2f} s")
    return await reads(int(library["id"]), url)
