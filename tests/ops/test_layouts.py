"""The layouts in storage/README.md are what the plan says."""

import re

import pytest

from ops.clusters import plan
from ops.commands import cluster
from tests.stack import CHECKOUT

pytestmark = pytest.mark.pure

TEXT = (CHECKOUT / "storage/README.md").read_text()
ROWS = re.findall(r"^\| (\d+) x (\d+) \| (.*) \|$", TEXT, re.MULTILINE)


def test_there_are_rows() -> None:
    assert len(ROWS) == 9


@pytest.mark.parametrize(("hosts", "drives", "rest"), ROWS)
def test_a_row(hosts: str, drives: str, rest: str) -> None:
    given = cluster.parse(["plan", "--hosts", hosts, "--drives", drives, "--size", "8T"])
    made = plan.made(cluster._asked(given))
    layout, originals = made.layout, made.originals
    assert made.days_until_full is not None
    assert rest.split(" | ") == [
        f"{layout.sets} of {layout.set_drives}",
        f"EC:{originals.parity}",
        f"{made.usable_bytes / 1e12:,.0f} TB of {made.raw_bytes / 1e12:,.0f}",
        f"{made.price / made.usable_bytes * 1e12:,.0f}",
        f"{originals.writes.hosts} / {originals.reads.hosts}",
        f"{originals.writes.drives} / {originals.reads.drives}",
        f"{originals.nines:.1f}",
        f"{made.days_until_full:,.0f}",
    ]
