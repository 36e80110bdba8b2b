"""`./ops/cluster`: an appliance on several hosts is planned, and what each of them needs is written."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops import quantities
from ops.clusters import plan
from ops.commands import options, rolling
from ops.setup.say import say
from storage.durability import ANNUAL_FAILURE_RATE
from storage.topology import Impossible

if TYPE_CHECKING:
    from ops.clusters.render import Change

PLAN = """\
Everything is arithmetic (storage/topology.py, capacity.py, durability.py): nothing is asked, nothing is changed.

Exit codes: 0 it can be built; 1 it can't, and why; 2 the options make no sense.
"""


RENDER = """\
The inventory says which hosts there are and what each is for; storage/README.md shows one. For each host a folder is
written with all it needs: copy it there and give it to ./ops/host install. Rendering again writes what has changed, and
makes new certificates where a third of their life is left. OUT/secret is what all of it is made from: passwords, keys
and the authority. Keep it, and keep it safe.

The authority is replaced in three steps: --rotate makes a new one, which is trusted beside the old one; with --issue it
makes the certificates; --drop-old ends the trust in the old one. After each, install on every host, and restart
everything with ./ops/cluster upgrade, before the next.

--compose writes a file for docker compose, in which each host is a group of containers. It takes root: the files are
then the account's that runs in them. It was not tried with an engine: there was none.

Exit codes: 0 written; 1 the inventory can't be what was meant, and why; 2 the options make no sense.
"""

STEPS = {
    "rotate": "a new authority, trusted beside the old one",
    "issue": "the new authority makes the certificates",
    "drop-old": "the old authority is trusted no more",
}
NEXT = {"rotate": "; then --issue.", "issue": "; then --drop-old.", "drop-old": "."}


def main() -> int:
    given = parse(sys.argv[1:])
    return {"plan": planned, "render": rendered}.get(given.action, rolling.run)(given)


def planned(given: argparse.Namespace) -> int:
    try:
        made = plan.made(_asked(given))
    except Impossible as reason:
        say(f"darkroom: {reason}")
        return 1
    print(json.dumps(asdict(made), indent=1) if given.json else plan.text(made))
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("cluster", "A cluster of storage hosts.")
    actions = made.add_subparsers(dest="action", required=True, metavar="{plan,render,upgrade,expand,decommission}")
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
    _render_options(actions)
    rolling.add(actions)
    return made.parse_args(arguments)


def _render_options(actions: Any) -> None:
    made = actions.add_parser(
        "render",
        help="write what each host of an inventory needs",
        description="Writes units, settings, certificates and more for each host of an inventory.",
        epilog=RENDER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--data", help=argparse.SUPPRESS)
    made.add_argument("inventory", type=Path, metavar="FILE", help="the inventory, TOML")
    made.add_argument("--out", type=Path, metavar="DIR", help="where to (default: beside FILE, named like it)")
    made.add_argument("--compose", type=Path, metavar="FILE", help="a compose file as well: containers, not hosts")
    made.add_argument("--cert", type=Path, metavar="FILE", help="certificate chain for the https:// addresses, PEM")
    made.add_argument("--key", type=Path, metavar="FILE", help="its private key, PEM")
    steps = made.add_mutually_exclusive_group()
    for step, text in STEPS.items():
        steps.add_argument(f"--{step}", action="store_const", const=step, dest="step", help=text)
    made.add_argument("--json", action="store_true", help="what was changed, for a script")


def rendered(given: argparse.Namespace) -> int:
    from ops.clusters import description, render
    from ops.clusters.authority import Pair, Step
    from ops.containers import write
    from storage.server.build import BuildFailed

    out = given.out or given.inventory.with_suffix("")
    try:
        if given.compose and os.geteuid() != 0:
            raise ValueError(
                "--compose makes files for another account, which takes root\n  → sudo ./ops/cluster render …"
            )
        if bool(given.cert) != bool(given.key):
            raise ValueError("--cert and --key belong together")
        pair = Pair(given.cert.read_bytes(), given.key.read_bytes()) if given.cert and given.key else None
        cluster = description.load(given.inventory)
        server = write.SILO if given.compose else render.server(Path(os.environ["DARKROOM_CACHE"]), say)
        of = render.material(cluster, out, server, pair, Step(given.step) if given.step else None)
        changes = render.written(of, out)
        if given.compose:
            write.write(of, out, given.compose)
    except (ValueError, OSError, BuildFailed) as reason:
        say(f"darkroom: {reason}")
        return 1
    if given.json:
        print(json.dumps([asdict(change) for change in changes], indent=1))
    else:
        print("\n".join(_change(change, out) for change in changes))
    if given.step:
        say("Install that on every host, then ./ops/cluster upgrade --yes" + NEXT[given.step])
    return 0


def _change(change: "Change", out: Path) -> str:
    if not change.written and not change.removed:
        return f"{change.host}: nothing has changed"
    lines = [f"{change.host}: {len(change.written)} files written into {out / change.host}"]
    return "\n".join(lines + [f"  no longer there: {path}" for path in change.removed])


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
    ("--host-price", _amount, 1500.0, "N", "what a host without drives costs, in any currency (default 1500)"),
    ("--drive-price", _amount, 200.0, "N", "what a drive costs (default 200)"),
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
        host_price=given.host_price,
        drive_price=given.drive_price,
    )


if __name__ == "__main__":
    options.run(main, crashed=2)
