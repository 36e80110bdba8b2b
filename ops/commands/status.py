"""`./ops/status`: every part with its address, its process and its health."""

import asyncio
import json
import os
import sys
import time
from typing import Any

from ops import addresses, health, offices, sandboxes
from ops.backups import kept
from ops.commands import options
from ops.folder import DataFolder

SILENT_SECONDS = 15.0
EPILOG = """\
Of storage it shows nodes, drives, how many more may fail, what is being healed, how long until it is full, scrubs and
backups; TO DO says what somebody must do, "to know" what goes by itself or has time.

Exit codes: 0 all is well; 1 some parts are not; 2 it could not be found out; 3 nothing is running; 4 all parts are
well, and somebody must act on what it says TO DO, or on a drive that is not mounted.
"""


def main() -> int:
    parser = options.parser("status", "Shows every part and the health of storage.", EPILOG)
    parser.add_argument("--json", action="store_true", help="the same for a script")
    given = parser.parse_args()
    report = asyncio.run(examine(options.folder(given), dict(os.environ)))
    print(json.dumps(report, indent=1) if given.json else table(report, sys.stdout.isatty()))
    if not report["running"]:
        return 3
    if report["phase"] != "ready" or any(part["health"] != "ok" for part in report["parts"]):
        return 1
    return 4 if report["missing_drives"] or (report["cluster"] and report["cluster"]["act"]) else 0


async def examine(folder: DataFolder, environment: dict[str, str]) -> dict[str, Any]:
    """What is running in `folder`; each part is asked for its health now, beside what the supervisor reports of it."""
    pid = folder.holder() if folder.path.is_dir() else None
    site = addresses.load(folder)
    report = {
        "data": str(folder.path),
        "running": bool(pid) or folder.hosted(),
        "supervisor": pid or ("systemd" if folder.hosted() else None),
        "url": site.public_urls[0],
        "s3": next(iter(site.s3_public_urls), None),
        "parts": [],
        "cluster": None,
    }
    if not report["running"]:
        return report | {"phase": "stopped"}
    # Only now, since --help is answered before anything is installed.
    from appliance.beat import known_as
    from ops import inventory, locate, planning, strangers, variables, verification
    from ops.caretaker import reading
    from ops.clusters import operating
    from ops.disks import record

    state, problem, checks = folder.read("state.json"), "", {}
    if folder.hosted():
        state = operating.state(folder)
    parts = state.get("parts", [])
    verified = sandbox = cluster = None
    try:
        plan = planning.known(folder, environment)
        checks = {part.name: part.health for part in inventory.parts(plan, environment)}
        verified = await verification.state(plan.services.database_url)
        cluster = await reading.report(plan.services.valkey_url)
        workers = [known_as(part["name"], plan.host) for part in parts if part["role"] == "worker"]
        sandbox = await sandboxes.state(plan.services.valkey_url, workers) if workers else None
    except (planning.NotKnown, variables.BadNumber, locate.NotFound) as reason:
        problem = str(reason)
    answers = await asyncio.gather(*(_health(part, checks.get(part["name"])) for part in parts))
    rows = [_row(part, answer, site) for part, answer in zip(parts, answers, strict=True)]
    if cluster is None:
        _silent(rows)
    told = {"phase": state.get("phase", "starting"), "parts": rows, "verified": verified, "sandbox": sandbox}
    told |= {"cluster": cluster, "stranger": strangers.told(folder)}
    told["documents"] = offices.state()
    told["missing_drives"] = [str(one) for one in record.missing(folder)] if "storage" in checks else []
    return report | told | kept.state(folder) | {"problem": problem}


async def _health(part: dict[str, Any], check: health.Check | None) -> str:
    if part["once"]:
        return "ok" if part["state"] == "finished" else part["health"] or part["state"]
    if part["pid"] is None or check is None:
        return part["health"] or part["state"]
    return await health.ask(check, part["pid"]) or "ok"


def _row(part: dict[str, Any], answer: str, site: addresses.Site) -> dict[str, Any]:
    bind = site.bind if part["name"] == "edge" else "127.0.0.1"
    return {
        "name": part["name"],
        "role": part["role"],
        "address": f"{bind}:{part['port']}" if part["port"] else None,
        "pid": part["pid"],
        "state": part["state"],
        "health": answer,
        "restarts": part["restarts"],
        "uptime_seconds": round(time.time() - part["began"], 1) if part["pid"] else None,
    }


def _silent(rows: list[dict[str, Any]]) -> None:
    """A caretaker that has had the time to look at storage, and tells nothing, is not well."""
    for row in rows:
        if row["name"] == "caretaker" and row["health"] == "ok" and (row["uptime_seconds"] or 0) > SILENT_SECONDS:
            row["health"] = "tells nothing of storage"


def table(report: dict[str, Any], colour: bool = False) -> str:
    if not report["running"]:
        return f"Nothing is running in {report['data']}. {options.RUNNING_HINT}"
    lines = [f"{report['url']} · data folder {report['data']} · supervisor {report['supervisor']} · {report['phase']}"]
    lines.append(f"{'part':18} {'address':22} {'process':>8} {'up':>9} {'restarts':>8}  health")
    if report.get("s3"):
        lines.insert(1, f"S3 for other programs: {report['s3']}")
    for part in report["parts"]:
        up = f"{part['uptime_seconds']:.0f} s" if part["uptime_seconds"] is not None else "-"
        address, pid = part["address"] or "-", part["pid"] or "-"
        lines.append(f"{part['name']:18} {address:22} {pid:>8} {up:>9} {part['restarts']:>8}  {part['health']}")
    if report["problem"]:
        return "\n".join([*lines, f"not asked, only what the supervisor says: {report['problem']}"])
    from ops.caretaker.telling import lines as storage_lines

    lines += report["stranger"] or storage_lines(report["cluster"])
    lines += [f"storage: {gone}; see ./ops/drives list" for gone in report["missing_drives"]]
    lines += [_told(report["verified"]), kept.told(report), sandboxes.told(report["sandbox"], colour)]
    lines.append(offices.told(report["documents"]))
    return "\n".join(lines)


def _told(verified: dict[str, Any] | None) -> str:
    if verified is None:
        return "verified: not known, the database does not answer"
    waits, differing = verified["oldest_unverified_day"], verified["days_with_differences"]
    told = f"verified: {f'the oldest day that is not is {waits}' if waits else 'every day has had its turn'}"
    return f"{told}; differences on {differing} days, see ./ops/verify" if differing else told


if __name__ == "__main__":
    options.run(main, crashed=2)
