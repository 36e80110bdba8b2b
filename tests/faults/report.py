"""The table in README.md: a row a fault, written by the runs themselves."""

import platform
import time
from collections.abc import Iterable
from pathlib import Path

from tests.faults.trial import Row

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
HEAD = """\
| fault | what was done | uploads acknowledged | lost | stuck | left over | time to heal | seed |
|---|---|---:|---:|---:|---:|---:|---:|
"""


def name(row: Row) -> str:
    """A row's own: a fault is tried with few uploads by every run of the tests, and with many by the long ones."""
    return f"{row.fault}, {row.uploads} uploads"


def line(row: Row) -> str:
    found = f"{row.acknowledged} | {row.lost} | {row.stuck} | {row.left_over} | {row.heal:.1f} s | {row.seed}"
    return f"| {name(row)} | {row.done} | {found} |\n"


def merged(text: str, rows: Iterable[Row]) -> str:
    """The README's text with these rows in its table; rows of faults that were not tried now stay as they were."""
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    kept = {old.split("|")[1].strip(): old for old in table.splitlines(keepends=True) if old.startswith("| ")}
    kept.pop("fault", None)
    kept |= {name(row): line(row) for row in rows}
    when = time.strftime("%Y-%m-%d", time.gmtime())
    told = f"\nLast written on {when}, Python {platform.python_version()}.\n"
    return before + BEGIN + HEAD + "".join(kept.values()) + told + END + after


def write(rows: Iterable[Row]) -> None:
    README.write_text(merged(README.read_text(), rows))
