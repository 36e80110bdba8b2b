"""The caretaker's report for people. Pure."""

import time
from collections.abc import Mapping
from typing import Any

from ops.caretaker.findings import duration, progress, since

LINE = "{what:14} {text}"


def lines(report: Mapping[str, Any] | None) -> list[str]:
    """What `./ops/status` shows of storage; the findings come last."""
    if report is None:
        return [_line("storage", "not known: the caretaker has not told, see whether that part is well")]
    told = [*_drives(report), _line("healing", _healing(report)), _line("waiting", _backlog(report))]
    told += [_line("full", _full(report)), _line("scrub", _scrub(report))]
    return told + [_finding(found) for found in report["findings"]]


def _line(what: str, text: str) -> str:
    return LINE.format(what=what, text=text)


def _finding(found: Mapping[str, Any]) -> str:
    mark = "TO DO" if found["level"] == "act" else "to know"
    return "\n".join(
        [_line(mark, found["what"]), *(_line("", found[more]) for more in ("risk", "next") if found[more])]
    )


def _drives(report: Mapping[str, Any]) -> list[str]:
    if report["silence"]:
        return [_line("storage", "does not answer")]
    nodes, drives = report["nodes"], report["drives"]
    online, well = sum(node["online"] for node in nodes), sum(drive["state"] == "ok" for drive in drives)
    text = f"{online} of {len(nodes)} nodes, {well} of {len(drives)} drives are well"
    if fullest := report["fullest"]:
        share = 100 * fullest["free"] / fullest["total"]
        text += f"; the fullest, {fullest['path']} of {fullest['node']}, has {share:.0f} % free"
    return [_line("storage", text), *(_line("margin", text) for text in margins(report))]


def margins(report: Mapping[str, Any]) -> list[str]:
    """Of each set that lacks something; one line for all the others that have the same."""
    sets = report["sets"]
    alike = [one for one in sets if not one["away"]]
    told = [one["margin"] for one in sets if one["away"]]
    kinds: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for one in alike:
        kinds.setdefault((one["writes_margin"], one["reads_margin"]), []).append(one)
    for some in kinds.values():
        text = some[0]["margin"]
        told.append(text if len(some) == 1 else text.replace(some[0]["name"], f"each of {len(some)} sets"))
    return [*told, report["nodes_margin"]] if report["nodes_margin"] else told


def _healing(report: Mapping[str, Any]) -> str:
    now, last = report["round"], report["last_heal"]
    if now:
        what = "a scrub is under way" if now["deep"] else f"under way ({now['why']})"
        return f"{what}: {now['trouble'] or progress(now)}"
    if any(drive["filling"] for drive in report["drives"]):
        return "a new drive is being filled"
    if last is None:
        return "nothing had to be healed yet"
    more = "nothing to do"
    if report.get("settles_at"):
        more = f"once more in {max(0, report['settles_at'] - time.time()):.0f} s, once nodes have connected again"
    return f"{more}; the last heal ended {since(last['ended_at'], time.time())}, {found(last)}"


def found(one: Mapping[str, Any]) -> str:
    """What a round found and mended."""
    bad = f", {one['unhealed']:,} could not be healed" if one["unhealed"] else ""
    waiting = f", {one['waiting']:,} with a shard on a drive that was away" if one["waiting"] else ""
    return f"{one['looked']:,} object versions looked at, {one['mended']:,} mended{bad}{waiting}"


def _backlog(report: Mapping[str, Any]) -> str:
    lanes = [
        f"{lane['lane']} {lane['waiting']:,}"
        + (f" (the first for {duration(lane['oldest_seconds'])})" if lane["waiting"] else "")
        for lane in report["backlog"]
    ]
    return "to be processed: " + ", ".join(lanes)


def _full(report: Mapping[str, Any]) -> str:
    growth = report["growth"]
    if growth is None:
        return "not known yet: that takes a day of uploads"
    days, daily = growth["days_until_full"], growth["bytes_a_day"] / 1e9
    over = f"{daily:,.1f} GB a day on the drives, by the last {growth['measured_days']:.0f} days"
    return f"in about {days:,.0f} days ({over})" if days is not None else "nothing comes"


def _scrub(report: Mapping[str, Any]) -> str:
    last, due = report["last_scrub"], report["next_scrub"]
    told = f"the last one ended {since(last['ended_at'], time.time())}, {found(last)}" if last else "none has ended yet"
    if due is None:
        return f"{told}; none is due by itself (DARKROOM_SCRUB_DAYS is 0)"
    ahead = due - time.time()
    return f"{told}; the next one begins {f'in {duration(ahead)}' if ahead > 0 else 'now'}"
