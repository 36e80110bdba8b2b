"""What the witness inside the database saw, compared with what the ledger says.

The triggers of `witness.sql` share the transaction of what they see, and nothing with the code that
tells events: so the two can be compared.
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg

from tests.ledger.test_states import MOVES

TABLES = ("witness.moves", "witness.pins", "witness.changed_blobs")


_ATTEMPTS = """
SELECT t.asset, a.state::text, count(*) FROM ledger.attempts t JOIN ledger.assets a ON a.id = t.asset
WHERE t.ended_at IS NULL GROUP BY t.asset, a.state HAVING a.state <> 'processing' OR count(*) > 1
"""


class Broken(AssertionError):
    """What the ledger promises does not hold."""


def holds(promise: object, otherwise: str) -> None:
    """Raises Broken where `promise` is not true."""
    if not promise:
        raise Broken(otherwise)


async def check(connection: asyncpg.Connection) -> None:
    """Compares ledger, events and witness. Raises Broken with what does not agree."""
    _dense(
        await connection.fetch("SELECT id, seq FROM ledger.streams"),
        await connection.fetch("SELECT stream, seq FROM ledger.events ORDER BY seq"),
    )
    seen = await connection.fetch("SELECT asset, stream, source, target, lease FROM witness.moves ORDER BY n")
    told = await connection.fetch("SELECT asset, stream, state::text AS state FROM ledger.events ORDER BY stream, seq")
    rows = await connection.fetch("SELECT id, state::text AS state, tries FROM ledger.assets")
    history = _history(seen)
    _told_as_seen(history, told)
    for row in rows:
        holds(history[row["id"]][-1] == row["state"], f"{row['id']} is {row['state']}, and was not seen to become it")
        holds(0 <= row["tries"] <= 3, f"{row['id']} has {row['tries']} tries left")
    _pinned_once(await connection.fetch("SELECT asset, was, became FROM witness.pins"))
    wrong = await connection.fetch("SELECT * FROM ledger.miscounted(5)")
    holds(not wrong, f"usage is not what assets take up: {[tuple(row) for row in wrong]}")
    attempts = await connection.fetch(_ATTEMPTS)
    holds(not attempts, f"an attempt is under way where there is no work, or two: {[tuple(row) for row in attempts]}")
    changed = await connection.fetch("SELECT blob FROM witness.changed_blobs")
    holds(not changed, f"blobs {[row['blob'] for row in changed]} were changed")


def _dense(streams: list[Any], events: list[Any]) -> None:
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for event in events:
        numbers[event["stream"]].append(event["seq"])
    for stream in streams:
        found = numbers.pop(stream["id"], [])
        wanted = list(range(1, stream["seq"] + 1))
        holds(found == wanted, f"stream {stream['id']} stands at {stream['seq']} and has the events {found}")
    holds(not numbers, f"events of streams that are not there: {dict(numbers)}")


def _history(seen: list[Any]) -> dict[UUID, list[str]]:
    """The states of each asset in their order. Raises Broken for a move that is not allowed."""
    history: dict[UUID, list[str]] = {}
    for move in seen:
        if move["source"] is None:
            history[move["asset"]] = [move["target"]]
            continue
        history[move["asset"]].append(move["target"])
    for asset, states in history.items():
        holds(states[0] == "init", f"{asset} began as {states[0]}")
        for source, target in pairwise(states):
            holds(target in MOVES[source], f"{asset} went from {source} to {target}")
    return history


def _told_as_seen(history: dict[UUID, list[str]], told: list[Any]) -> None:
    events: defaultdict[UUID, list[str]] = defaultdict(list)
    for event in told:
        events[event["asset"]].append(event["state"])
    for asset in history.keys() | events.keys():
        holds(
            history.get(asset) == events.get(asset),
            f"{asset} was seen to become {history.get(asset)}, and the events tell {events.get(asset)}",
        )


def _pinned_once(pins: list[Any]) -> None:
    pinned: set[UUID] = set()
    for pin in pins:
        if pin["became"] is None:
            continue
        holds(pin["was"] is None and pin["asset"] not in pinned, f"{pin['asset']} was pinned twice")
        pinned.add(pin["asset"])
