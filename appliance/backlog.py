"""What is open, failed or behind, as figures: read from the ledger when asked for, by indexes of what is open."""

from collections.abc import Iterable
from typing import Any

from prometheus_client.core import Metric

from appliance.families import gauge
from appliance.ledger.database import fetch
from appliance.queue import LANES

# One state at a time: of two at once Postgres does not see that an index of each holds them.
_OPEN = " UNION ALL ".join(
    f"""
SELECT '{state}' AS state, count(*) AS n, coalesce(extract(epoch FROM now() - min({since})), 0)::float AS oldest
FROM ledger.assets WHERE state = '{state}'
"""
    for state, since in {
        "init": "created_at",
        "uploaded": "uploaded_at",
        "processing": "uploaded_at",
        "deleting": "changed_at",
    }.items()
)
_LANES = """
SELECT lane, count(*) AS n, extract(epoch FROM now() - min(uploaded_at))::float AS oldest
FROM ledger.assets WHERE state = 'uploaded' GROUP BY lane
"""
_ONE = """
SELECT
    (SELECT count(*) FROM ledger.assets WHERE state = 'processing' AND lease_until < now()) AS overdue_leases,
    (SELECT coalesce(greatest(extract(epoch FROM now() - least(
        (SELECT min(check_at) FROM ledger.assets WHERE state IN ('init', 'expired')),
        (SELECT min(check_at) FROM ledger.assets WHERE state = 'deleting'),
        (SELECT min(check_at) FROM ledger.assets WHERE state = 'deleted'))), 0), 0)::float) AS sweep_behind_seconds,
    (SELECT count(*) FROM ledger.verified_days WHERE differences > 0) AS differing_days
"""
_FAILED = "SELECT error_code AS code, count(*) AS n FROM ledger.assets WHERE state = 'error' GROUP BY error_code"
_WEBHOOKS = """
SELECT CASE WHEN w.disabled_at IS NOT NULL THEN 'disabled' WHEN w.failures > 0 THEN 'failing' ELSE 'ok' END AS state,
    count(*) AS n, sum(greatest(s.seq - w.cursor, 0))::float AS behind,
    coalesce(extract(epoch FROM now() - min(w.failing_since)), 0)::float AS oldest
FROM webhooks w JOIN ledger.streams s ON s.root = 'projects' AND s.owner = w.project GROUP BY 1
"""
_HELD_BY_THEMSELVES = {
    "overdue_leases": "Jobs whose worker has not renewed its lease in time, and nobody has taken over yet",
    "sweep_behind_seconds": "How late the sweep is with the look-up that is due the longest",
    "differing_days": "Days on which the daily verification found differences, see ./ops/verify",
}


async def families() -> Iterable[Metric]:
    """Raises Unavailable."""
    return [*await _states(), *await _lanes(), await _failed(), *await _alone(), *await _webhooks()]


async def _states() -> list[Metric]:
    assets = gauge("open_assets", "Assets that are not finished", "state")
    oldest = gauge("oldest_open_seconds", "How long the oldest of them has waited", "state")
    for row in await fetch(_OPEN):
        assets.add_metric([row["state"]], row["n"])
        oldest.add_metric([row["state"]], row["oldest"])
    return [assets, oldest]


async def lanes() -> list[dict[str, Any]]:
    """How many files wait in each lane, and for how many seconds the first has: since it came, or was to be tried
    again. Raises Unavailable.
    """
    found = {row["lane"]: row for row in await fetch(_LANES)}
    rows = [(lane, found.get(lane)) for lane in sorted({*LANES, *found})]
    return [
        {
            "lane": lane,
            "waiting": row["n"] if row else 0,
            "oldest_seconds": row["oldest"] if row else 0.0,
        }
        for lane, row in rows
    ]


async def _lanes() -> list[Metric]:
    waiting = gauge("waiting_jobs", "Files that wait to be processed, in the queue or outside", "lane")
    oldest = gauge("oldest_waiting_seconds", "How long the oldest of them has waited", "lane")
    for row in await lanes():
        waiting.add_metric([row["lane"]], row["waiting"])
        oldest.add_metric([row["lane"]], row["oldest_seconds"])
    return [waiting, oldest]


async def _failed() -> Metric:
    failed = gauge("failed_assets", "Assets that ended as an error, by its code; ./ops/retry tries them again", "code")
    for row in await fetch(_FAILED):
        failed.add_metric([row["code"] or ""], row["n"])
    return failed


async def _alone() -> list[Metric]:
    row = (await fetch(_ONE))[0]
    made = []
    for name, told in _HELD_BY_THEMSELVES.items():
        made.append(gauge(name, told))
        made[-1].add_metric([], row[name])
    return list(made)


async def _webhooks() -> list[Metric]:
    hooks = gauge("webhooks", "Webhooks by their state: ok, failing, disabled", "state")
    behind = gauge("webhook_events_behind", "Events that webhooks have not taken yet", "state")
    oldest = gauge("webhook_failing_seconds", "For how long the one that has failed longest has", "state")
    found = {row["state"]: row for row in await fetch(_WEBHOOKS)}
    for state in ("ok", "failing", "disabled"):
        row = found.get(state)
        hooks.add_metric([state], row["n"] if row else 0)
        behind.add_metric([state], row["behind"] if row else 0)
        oldest.add_metric([state], row["oldest"] if row else 0)
    return [hooks, behind, oldest]
