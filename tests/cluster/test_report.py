"""The table of faults in storage/README.md is written by its tests: a new run takes the place of an earlier one."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster import report
from tests.cluster.report import Row

pytestmark = pytest.mark.pure

ROW = Row("a drive wiped", 1000, 3, 0, 1.25, 10, 0, 4.0, "7 files more were taken")


def test_a_row_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n")
    report.write([ROW, replace(ROW, fault="a cable cut", found="")], file)
    report.write([replace(ROW, lost=1, found="9 files more were taken")], file)
    before, _, rest = file.read_text().partition(report.BEGIN)
    table, _, after = rest.partition(report.END)
    assert (before, after) == ("before\n", "\nafter\n")
    assert table.splitlines()[3:] == [
        "| a drive wiped; 9 files more were taken | 1,000 | 3 | 0 | 1.2 s | 10 | 1 | 4.0 s |",
        "| a cable cut | 1,000 | 3 | 0 | 1.2 s | 10 | 0 | 4.0 s |",
    ]
