"""`./ops/cluster plan`: what a cluster of so many hosts and drives holds and survives, before anything is bought."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from ops import quantities
from ops.clusters import plan
from ops.commands import options
from ops.setup.say import say
from storage.durability import ANNUAL_FAILURE_RATE
from storage.topology import Impossible

PLAN = """\
Everything is arithmetic (storage/topology.py, capacity.py, durability.py): nothing is asked, nothing is changed.

Exit codes: 0 it can be built; 1 it can't, and why; 2 the options make no sense.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    try:
        made = plan.made(_asked(given))
    except Impossible as reason:
        say(f"darkroom: {reason}")
        return 1
    print(json.dumps(asdict(made), indent=1) if given.json else plan.text(made))
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("cluster", "A cluster of storage hosts.")
    actions = made.add_subparsers(dest="action", required=True, metavar="plan")
    planning = actions.add_parser(
        "plan",
        help="what so many hosts and drives hold and survive",
        description="Shows layout, space, what may fail, durability, and what a stream of photos asks of the hosts.",
        epilog=PLAN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    planning.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it
    for option, kind, default, metavar, text in _OPTIONS:
        planning.add_argument(option, type=kind, default=default, metavar=metavar, help=text, required=default is _MUST)
    planning.add_argument("--json", action="store_true", help="the same for a script")
    return made.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1
    if not 0 < amount < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return amount


_MUST: Any = object()
_OPTIONS: list[tuple[str, Any, Any, str, str]] = [
    ("--hosts", _count, _MUST, "N", "hosts that store"),
    ("--drives", _count, _MUST, "N", "drives in each of them"),
    ("--size", quantities.size, _MUST, "SIZE", "of a drive, as 8T"),
    ("--parity", _count, None, "N", "drives of a set that may be lost of originals (default: the server's own choice)"),
    ("--versions-parity", _count, None, "N", "the same of versions (default: what one host has of a set, or 1)"),
    ("--photos-per-day", _amount, 130_000.0, "N", "photos that come (default 130000)"),
    ("--bytes", quantities.size, 4_000_000, "SIZE", "of a photo (default 4M)"),
    ("--versions-bytes", quantities.size, None, "SIZE", "of its versions together (default: 26 %% of the photo)"),
    ("--burst", _amount, 10.0, "TIMES", "how much faster than on average they come at times (default 10)"),
    ("--afr", _amount, 100 * ANNUAL_FAILURE_RATE, "PERCENT", "drives that fail in a year (default 1.57)"),
    ("--repair-hours", _amount, 72.0, "HOURS", "from a drive's failure to full redundancy (default 72)"),
    ("--network", _amount, 10.0, "GBIT", "what a host's cable carries each way, a second (default 10)"),
    ("--drive-rate", quantities.size, 150_000_000, "SIZE", "what a drive writes or reads a second (default 150M)"),
]


def _asked(given: argparse.Namespace) -> plan.Asked:
    return plan.Asked(
        hosts=given.hosts,
        drives=given.drives,
        drive_bytes=given.size,
        parity=given.parity,
        versions_parity=given.versions_parity,
        photos_a_day=given.photos_per_day,
        photo_bytes=given.bytes,
        version_bytes=given.versions_bytes,
        burst=given.burst,
        annual_failure_rate=given.afr / 100,
        repair_hours=given.repair_hours,
        network_bytes=given.network * 1e9 / 8,
        drive_rate=given.drive_rate,
    )


if __name__ == "__main__":
    options.run(main, crashed=2)
