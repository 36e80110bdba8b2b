"""How likely it is to lose an object of an erasure set in a year, as arithmetic.

The model: a birth-death Markov chain of the drives that are lost in one set of n. Drives fail independently of each
other at a constant rate, one is repaired at a time, and what was stored is gone once more drives than the parity m are
lost at once. Fire, theft, an operator's mistake and a fault of the software are not in it, and they are what really
ends such systems: see storage/README.md.
"""

import math
import sys
from collections.abc import Sequence

HOURS_A_YEAR = 8766.0
ANNUAL_FAILURE_RATE = 0.0157
"""Failures a drive-year: what Backblaze published for its whole fleet for 2024."""


def loss_a_year(
    drives: int, parity: int, repair_hours: float, annual_failure_rate: float = ANNUAL_FAILURE_RATE
) -> float:
    """The probability that one erasure set of `drives` with `parity` loses data in a year.

    `repair_hours` is the time from the failure of a drive to full redundancy: noticing it, replacing it, healing it.
    Raises ValueError where there is no parity to lose, or more of it than data.
    """
    if not 0 <= parity <= drives // 2 or drives < 1:
        raise ValueError(f"{drives} drives can't have a parity of {parity}")
    failure = annual_failure_rate / HOURS_A_YEAR
    repair = 1 / repair_hours
    # The mean time from i lost drives to i + 1: until one of the rest fails, and from i - 1 again if a repair wins.
    step = 1 / (drives * failure)
    until_loss = step
    for lost in range(1, parity + 1):
        rate = (drives - lost) * failure
        step = 1 / rate + repair / rate * step
        until_loss += step
    return -math.expm1(-HOURS_A_YEAR / until_loss)


def nines(loss: float, sets: int = 1) -> float:
    """A yearly loss as nines of durability, for `sets` such sets: 0.001 is 3."""
    return -math.log10(loss) - math.log10(sets)


LAYOUTS = ((1, 0), (4, 2), (8, 3), (8, 4), (16, 4))
REPAIRS = (24.0, 72.0, 168.0)


def table(layouts: Sequence[tuple[int, int]] = LAYOUTS, repairs: Sequence[float] = REPAIRS) -> str:
    """Nines a year for each layout (drives, parity) and repair time in hours, as a Markdown table."""
    head = "| drives | parity | usable | " + " | ".join(f"repair in {hours:.0f} h" for hours in repairs) + " |"
    rows = [head, "|" + "---|" * (3 + len(repairs))]
    for drives, parity in layouts:
        cells = [f"{nines(loss_a_year(drives, parity, hours)):.1f}" for hours in repairs]
        usable = f"{(drives - parity) / drives:.0%}"
        rows.append(f"| {drives} | {parity} | {usable} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


COMMON_CAUSES = 0.001
"""A year: fire, theft, flood, an operator's mistake at one site. An assumption, and the cap of everything below it."""
LATENT_ERRORS = 0.0345 * 12 / 32
"""Drives a year with sectors that can't be read: 3.45 % of 1.53 million in 32 months (Bairavasundaram, Goodson,
Pasupathy, Schindler: An Analysis of Latent Sector Errors in Disk Drives, SIGMETRICS 2007).
"""
BROUGHT_BACK = 30 / 365.25
"""The share of a year in which a site that lost everything is filled again from the other."""


def worth() -> str:
    """What each measure is worth, in nines a year before and after it, as a Markdown table."""
    four, both = loss_a_year(4, 2, 72), 2 * COMMON_CAUSES * COMMON_CAUSES * BROUGHT_BACK
    rows = [
        ("EC:2 of four drives, not one drive", loss_a_year(1, 0, 72), four),
        ("EC:4 of sixteen drives in four hosts, not EC:2 of four in one", four, loss_a_year(16, 4, 72)),
        ("a dead drive replaced and healed in a day, not in a week", loss_a_year(4, 2, 168), loss_a_year(4, 2, 24)),
        (
            "a scrub every 30 days, not once a year: of bad sectors alone, each counted as its whole drive",
            loss_a_year(4, 2, HOURS_A_YEAR / 2, LATENT_ERRORS),
            loss_a_year(4, 2, 15 * 24, LATENT_ERRORS),
        ),
        ("all of that at one site, with what takes it all", 0.0, COMMON_CAUSES),
        ("a copy at a second site, filled again from there in 30 days", COMMON_CAUSES, both),
    ]
    told = [
        f"| {what} | {f'{nines(before):.1f}' if before else '-'} | {nines(after):.1f} |" for what, before, after in rows
    ]
    return "\n".join(["| measure | nines before | after |", "|---|---:|---:|", *told])


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n\n{worth()}\n")
