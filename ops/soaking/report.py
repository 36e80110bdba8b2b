"""The outcome of a soak for people: as text, and as a section of a Markdown file."""

import re
from collections import Counter
from pathlib import Path

from ops.soaking.outcome import Outcome, figures

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
_SECTION = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def text(outcome: Outcome) -> str:
    """All figures, the verdict last."""
    return "\n".join([*_uploads(outcome), "", *_times(outcome), "", *_memory(outcome), "", verdict(outcome)])


def verdict(outcome: Outcome) -> str:
    if outcome.holds:
        return "The promise was kept: nothing is lost, stuck, wrong, unexplained or untold."
    examples = [*outcome.lost[:3], *outcome.stuck[:3], *outcome.wrong[:5], *outcome.astray[:5], *outcome.shortfalls()]
    return "\n".join(["THE PROMISE WAS NOT KEPT.", *(f"  {example}" for example in examples)])


def write(path: Path, outcome: Outcome) -> None:
    """Puts the section into the file at `path`, in the place of an earlier one."""
    section = f"{BEGIN}\n## The soak\n\n```text\n{text(outcome)}\n```\n{END}"
    known = path.read_text() if path.exists() else ""
    found = _SECTION.search(known)
    path.write_text(_SECTION.sub(lambda _: section, known) if found else f"{known.rstrip()}\n\n{section}\n".lstrip())


def _uploads(outcome: Outcome) -> list[str]:
    states, verified = outcome.states, outcome.verified
    errors = ", ".join(f"{code} {count}" for code, count in sorted(outcome.errors.items()))
    kinds = Counter(sent.kind for sent in outcome.book.sent.values())
    differing = f"unexplained {verified.get('unexplained')}, missing {verified.get('missing')}"
    rows = [
        ("load", f"{outcome.minutes:g} minutes on {outcome.cores} cores, seed {outcome.seed}"),
        ("uploads acknowledged", f"{len(outcome.book.sent)} ({_listed(kinds)})"),
        ("= done", f"{states['done']}"),
        ("+ error", f"{states['error']}{f' ({errors})' if errors else ''}"),
        ("+ deleted by clients", f"{states['deleted']}"),
        ("lost", f"{len(outcome.lost)}"),
        ("stuck", f"{len(outcome.stuck)}"),
        ("ended otherwise than its file", f"{len(outcome.wrong)}"),
        ("left over by kills of storage", f"{outcome.unexplained}, deleted by verify --repair"),
        ("verify --deep, after that", verified.get("error") or f"{differing}, damaged {verified.get('damaged')}"),
        ("clients also", _listed(outcome.book.did)),
        ("events", f"{outcome.events}; wrongly heard by a websocket {outcome.heard_wrong}"),
        ("webhook", f"missed {outcome.webhook_missing}, repeated {outcome.webhook_repeated}"),
        ("killed", f"{len(outcome.kills)} ({_listed(Counter(kill.part for kill in outcome.kills))})"),
        ("not well again in 2 minutes", f"{sum(kill.well is None for kill in outcome.kills)}"),
        ("backlog drained after", f"{outcome.drained:.1f} s"),
    ]
    return [f"{name:30} {value}" for name, value in rows]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"


def _times(outcome: Outcome) -> list[str]:
    lines = [f"{'seconds':30} {'n':>7} {'p50':>8} {'p95':>8} {'p99':>8} {'worst':>8}"]
    rows = [
        ("a link", outcome.link_seconds(False)),
        ("  no kill near", outcome.link_seconds(True)),
        ("from acknowledged to its end", outcome.latencies(False)),
        ("  no kill near", outcome.latencies(True)),
        ("from a kill to all well", outcome.heal_seconds()),
    ]
    for name, values in rows:
        told = figures(values)
        cells = (f"{told[part]:>8.2f}" if part in told else f"{'-':>8}" for part in ("p50", "p95", "p99", "worst"))
        lines.append(f"{name:30} {told['n']:>7} {' '.join(cells)}")
    return lines


def _memory(outcome: Outcome) -> list[str]:
    lines = [f"{'memory, MB':30} {'first quarter':>14} {'last quarter':>14} {'slope an hour':>14}"]
    for name, growth in outcome.growth.items():
        lines.append(f"{name:30} {growth.first:>14.1f} {growth.last:>14.1f} {growth.slope:>+14.1f}")
    total = [sum(growth[part] for growth in outcome.growth.values()) for part in (0, 1, 2)]
    lines.append(f"{'all':30} {total[0]:>14.1f} {total[1]:>14.1f} {total[2]:>+14.1f}")
    return lines
