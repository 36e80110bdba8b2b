"""At a glance: is anything wrong, and what is to be done. Gathered from all who know, each of whom may be away."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from appliance.beat import Beat, beats
from appliance.board import findings, lanes
from appliance.board.findings import Finding
from appliance.board.lanes import LaneState
from appliance.board.since import first_seen
from appliance.board.sources import Sources
from appliance.care import report
from appliance.errors import Unavailable
from appliance.exposition import PARTS
from appliance.ledger.database import fetch
from appliance.logs import log
from appliance.valkey import LOST
from storage.sentences import Level, counted

T = TypeVar("T")

PATIENCE = 3.0
STARTING, STARTING_SECONDS = ("part_down", "no_report"), 20.0
"""What is so while the appliance starts, and for how long; the supervisor tells of its parts every ten seconds."""
MOST_WEBHOOKS = MOST_LIBRARIES = 20
_FAILED = """
SELECT error_code AS code, error_fixer AS fixer, count(*) AS failed,
    min(changed_at) AS since, max(changed_at) AS last_at
FROM ledger.assets WHERE state = 'error' AND error_code IS DISTINCT FROM 'cancelled'
GROUP BY error_code, error_fixer ORDER BY count(*) DESC, 1, 2
"""
_LATE = """
SELECT
    (SELECT coalesce(greatest(extract(epoch FROM now() - least(
        (SELECT min(check_at) FROM ledger.assets WHERE state IN ('init', 'expired')),
        (SELECT min(check_at) FROM ledger.assets WHERE state = 'deleting'),
        (SELECT min(check_at) FROM ledger.assets WHERE state = 'deleted'))), 0), 0)::float) AS sweep_behind_seconds,
    (SELECT count(*) FROM ledger.verified_days WHERE differences > 0) AS differing_days
"""
_WEBHOOKS = """
SELECT id::text, project, failing_since, last_error, disabled_at, disabled_reason FROM webhooks
WHERE failures > 0 OR disabled_at IS NOT NULL ORDER BY coalesce(failing_since, disabled_at), id LIMIT $1
"""
_LIBRARIES = """
SELECT l.name, l.host, l.problem, s.problem AS look_problem, CASE WHEN l.problem IS NULL THEN s.ended_at END AS seen
FROM ledger.libraries l LEFT JOIN LATERAL (
    SELECT problem, ended_at FROM ledger.library_scans
    WHERE library = l.id AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1
) s ON true
WHERE coalesce(l.problem, s.problem) IS NOT NULL AND l.mounted_at > now() - interval '1 minute'
ORDER BY l.name, l.host LIMIT $1
"""


class Glance(msgspec.Struct, frozen=True):
    """`well`: nothing was found, and everybody who was asked answered. `says` the same in a sentence."""

    at: datetime
    well: bool
    says: str
    findings: list[Finding]
    lanes: list[LaneState]


async def look(sources: Sources) -> Glance:
    """Within some seconds, whoever is away; that is a finding as well."""
    config = sources.settings.now
    asked = await asyncio.gather(
        _asked(beats(sources.redis)),
        _asked(_told(sources)),
        _asked(_ledger()),
        _asked(asyncio.to_thread(sources.reader.healthy)),
    )
    alive, told, known, writable = asked
    listed = await _asked(lanes.listed(config, alive or []))
    now = datetime.now(UTC)
    found = [*_away(alive, known, listed, writable)]
    found += _noticed(alive or [], told, expected=not config.storage_bucket)
    found += _of_ledger(known, now)
    # Who is alive is not known without Valkey: a lane without workers would be a guess.
    found += findings.of_lanes((listed or []) if alive is not None else [], config, now)
    found = [one for one in await first_seen(sources.redis, found) if not _settling(one, now)]
    found.sort(key=lambda one: one.severity != Level.ACT)
    return Glance(now.replace(microsecond=0), not found, said(found), found, listed or [])


def _settling(one: Finding, now: datetime) -> bool:
    """Whether it may be only that a part is being started."""
    return one.code in STARTING and one.since is not None and (now - one.since).total_seconds() < STARTING_SECONDS


def said(found: Sequence[Finding]) -> str:
    """How much there is to do, in a sentence."""
    acts = sum(one.severity == Level.ACT for one in found)
    parts = [counted(acts, "thing") + " to do"] if acts else []
    if watched := len(found) - acts:
        parts.append(f"{watched} to know" if acts else f"{counted(watched, 'thing')} to know")
    return (", ".join(parts) or "All is well") + "."


async def _asked(asking: Awaitable[T]) -> T | None:
    """The answer; None for nobody who gives one in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asking
    except (Unavailable, TimeoutError, *LOST) as error:
        log.warning("not told for the board", error=repr(error))
        return None


async def _told(sources: Sources) -> tuple[dict[str, Any] | None, list[str]]:
    """The caretaker's report, and the parts that the supervisor calls unwell."""
    value = await sources.redis.get(PARTS)
    parts = msgspec.json.decode(value)["parts"] if value else []
    return await report.last(sources.redis), [part["name"] for part in parts if not part["up"]]


class _Known(NamedTuple):
    """What the ledger says."""

    failed: list[Any]
    late: Any
    webhooks: list[Any]
    libraries: list[Any]


async def _ledger() -> _Known:
    late = (await fetch(_LATE))[0]
    webhooks, libraries = await fetch(_WEBHOOKS, MOST_WEBHOOKS), await fetch(_LIBRARIES, MOST_LIBRARIES)
    return _Known(await fetch(_FAILED), late, webhooks, libraries)


def _away(alive: object, known: object, listed: object, writable: object) -> list[Finding]:
    gone = {"valkey": alive is None, "ledger": known is None or listed is None, "storage": not writable}
    return [findings.away(source) for source, is_gone in gone.items() if is_gone]


def _noticed(alive: list[Beat], told: tuple[dict[str, Any] | None, list[str]] | None, expected: bool) -> list[Finding]:
    if told is None:
        return []
    last, down = told
    return [*findings.of_storage(last, expected), *findings.of_parts(alive, down)]


def _of_ledger(known: _Known | None, now: datetime) -> list[Finding]:
    if known is None:
        return []
    return [
        *findings.of_failed(known.failed, now),
        *findings.of_ledger(known.late["sweep_behind_seconds"], known.late["differing_days"]),
        *findings.of_webhooks(known.webhooks),
        *findings.of_libraries(known.libraries),
    ]
