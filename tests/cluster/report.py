"""The table in storage/README.md: what was done to four hosts, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parents[2] / "storage" / "README.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEAD = (
    "| what was done | requests | tried again | failed | slowest | acknowledged | lost | redundant after |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Row:
    """`again`: requests that did not succeed at the first try; `failed`: nor at any; `redundant`: seconds, or None."""

    fault: str
    """What was done, in the same words at each run: the row of an earlier one is known by them."""
    requests: int
    again: int
    failed: int
    slowest: float
    acknowledged: int
    lost: int
    redundant: float | None
    found: str = ""
    """What came of it besides; follows `fault` in the table."""

    def line(self) -> str:
        after = "-" if self.redundant is None else f"{self.redundant:.1f} s"
        what = f"{self.fault}; {self.found}" if self.found else self.fault
        return (
            f"| {what} | {self.requests:,} | {self.again:,} | {self.failed} | {self.slowest:.1f} s "
            f"| {self.acknowledged:,} | {self.lost} | {after} |"
        )


def write(rows: Sequence[Row], path: Path = TABLE) -> None:
    """Puts `rows` into the table; a row of a fault that is there already takes its place."""
    before, _, rest = path.read_text().partition(BEGIN)
    table, _, after = rest.partition(END)
    lines = {line.split(" | ")[0].split("; ")[0]: line for line in table.splitlines() if line.startswith("| ")}
    lines = {fault: line for fault, line in lines.items() if "---" not in fault and fault != "| what was done"}
    lines |= {f"| {row.fault}": row.line() for row in rows}
    path.write_text(f"{before}{BEGIN}\n{HEAD}\n" + "\n".join(lines.values()) + f"\n{END}{after}")
