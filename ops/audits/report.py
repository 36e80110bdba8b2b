"""All that an audit finds, put together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ops.audits import known
from ops.audits.components import Component, Difference
from ops.audits.osv import Found
from ops.audits.system import Update


@dataclass(frozen=True)
class Row:
    """One advisory that concerns one component."""

    ids: tuple[str, ...]
    component: str
    version: str
    of: str
    summary: str
    state: str
    why: str = ""
    proof: tuple[str, ...] = ()


@dataclass
class Report:
    """`not_asked` says why OSV was not asked, or could not be; `unknown` are parts of which nothing could be told."""

    components: int
    rows: list[Row]
    differences: list[Difference] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    not_asked: str = ""
    known_on: str = field(default_factory=known.known_on)

    @property
    def open(self) -> list[Row]:
        return [row for row in self.rows if row.state == known.OPEN]

    @property
    def clean(self) -> bool:
        return not (self.open or self.differences or self.updates)

    def told(self) -> dict[str, Any]:
        lists = {
            "differences": [one._asdict() for one in self.differences],
            "updates": [one._asdict() for one in self.updates],
        }
        return asdict(self) | lists | {"clean": self.clean}


def rows(components: Sequence[Component], found: Sequence[Found]) -> list[Row]:
    """What this release says of them, then what OSV knows beyond that: open, since nobody has looked at it."""
    ours = [_ours(one, component) for one, component in known.concerning(components)]
    answered = {name for row in ours for name in row.ids}
    others: dict[tuple[str, str, str], Row] = {}
    for component, ids, summary in found:
        # Databases know the same fault under several names, and each of them may come.
        if answered.isdisjoint(ids):
            row = Row(ids, component.name, component.version, component.of, summary, known.OPEN)
            others.setdefault((min(ids, key=_canonical), component.name, component.of), row)
    return ours + list(others.values())


def _canonical(name: str) -> tuple[bool, str]:
    return not name.startswith("CVE-"), name


def _ours(one: known.Advisory, component: Component) -> Row:
    return Row(
        one.ids, component.name, component.version, component.of, one.summary, one.state, one.why, tuple(one.proof)
    )


def text(report: Report) -> str:
    """The report for people: what is open first."""
    lines = [f"{report.components} components; advisories of this release as of {report.known_on}"]
    lines.append(report.not_asked or "OSV was asked about each of them just now")
    for row in report.open:
        lines.append(f"OPEN  {row.ids[0]}  {row.component} {row.version} ({row.of}): {row.summary}")
    for one in report.differences:
        found = f"{one.found} is there" if one.found else "is missing"
        lines.append(f"OPEN  {one.name}: pinned {one.pinned or 'not at all'}, {found}")
    for update in report.updates:
        lines.append(f"OPEN  {update.package} {update.installed}: apt has {update.candidate}")
    for row in report.rows:
        if row.state != known.OPEN:
            lines.append(f"{row.state:11} {row.ids[0]:15} {row.component} {row.version}: {row.summary}. {row.why}")
    lines += [f"not told: {one}" for one in report.unknown]
    return "\n".join(lines)
