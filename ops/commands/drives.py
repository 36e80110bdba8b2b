"""`./ops/drives`: which drives there are and how they are; a new one is made ready, an old one replaced."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ops.commands import options
from ops.setup.say import say

LIST = """\
SMART is read where smartctl (smartmontools) is installed; as root, since nobody else may ask a drive.

Exit codes: 0 all drives are fine; 1 one is missing, failing, or not complete; 2 it could not be found out.
"""
PREPARE = """\
What it will do is said first. A drive that is mounted or part of something is always refused; one that is not empty,
partitioned or was formatted is refused unless --yes allows to lose what is on it. Needs root.

Exit codes: 0 all are ready; 1 refused, or something failed; 2 wrong usage.
"""
REPLACE = """\
OLD is a number, a mount point, a device, a serial number or a UUID, as ./ops/drives list shows them; it may be dead or
gone. NEW is a device. The server runs on, and so do uploads. After Ctrl-C, a kill or a power cut the same command goes
on where it was. Needs root, and the storage server has to run.

Exit codes: 0 the new drive has everything; 1 refused, or something failed, or some objects could not be healed;
2 wrong usage; 130 interrupted.
"""
FOLDER = "drives are at DIR/1, DIR/2, … (default: drives/ of the data folder; on a host of a cluster its own)"
ROOT_ONLY = "this needs root\n  → Type it with sudo."


class Failed(Exception):
    """It was not done. Says why, and what to do next."""


def main() -> int:
    given = parse(sys.argv[1:])
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "prepare": _prepare,
        "replace": _replace,
    }
    from ops.commands.serving import CannotRun
    from ops.disks.prepare import Refused
    from ops.disks.system import ToolFailed
    from storage.errors import StorageError

    try:
        return actions[given.action](given)
    except (Failed, Refused, ToolFailed, CannotRun, StorageError) as reason:
        say(f"darkroom: {reason}")
    except OSError as error:
        say(f"darkroom: {error.filename or ''}: {error.strerror}".replace(": : ", ": "))
    return 2 if given.action == "list" else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("drives", "The drives that the storage server spreads objects over.")
    actions = made.add_subparsers(dest="action", required=True, metavar="list|prepare|replace")
    _action(actions, "list", "shows every drive: device, serial, size, SMART, state in the storage", LIST)
    ready = _action(actions, "prepare", "makes new drives ready: XFS, label, mount point, mount unit", PREPARE)
    ready.add_argument("device", nargs="+", metavar="DEVICE", help="a whole drive, as /dev/sdb or /dev/disk/by-id/…")
    changed = _action(actions, "replace", "puts a new drive in the place of an old one", REPLACE)
    changed.add_argument("old", metavar="OLD", help="the drive that goes")
    changed.add_argument("new", metavar="NEW", help="the drive that comes, as /dev/sdb")
    for action in (ready, changed):
        action.add_argument("--yes", action="store_true", help="lose what is on a new drive that is not empty")
        action.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        action.add_argument("--units", metavar="DIR", default="/etc/systemd/system", help="where mount units go to")
    return made.parse_args(arguments)


def _action(actions: Any, name: str, text: str, epilog: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it
    made.add_argument("--folder", metavar="DIR", help=FOLDER)
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made


def _list(given: argparse.Namespace) -> int:
    from ops.disks import site, told

    here = site.here(options.folder(given), given.folder)
    rows, problem = told.rows(here)
    if given.json:
        print(json.dumps({"drives": rows, "problem": problem}, indent=1))
    else:
        print(told.table(rows, problem))
    return 1 if any(row["wrong"] for row in rows) else 0


def _prepare(given: argparse.Namespace) -> int:
    from ops.disks import prepare, record, site
    from ops.disks.replace import alone

    _as_root()
    here, units = site.here(options.folder(given), given.folder, asking=False), Path(given.units)
    orders = site.orders(here, given.device, given.yes)
    for order in orders:
        say(f"{order.device} becomes {order.label}:")
        for step in prepare.steps(order, units):
            say(f"  - {step}")
    if given.dry_run:
        return 0
    owner = site.made(here)
    with alone(here.places.base):
        for order in orders:
            prepare.carry_out(order, owner, units, say)
            if here.data:
                record.write(here.data)
    rows = [{"device": o.device, "uuid": o.uuid, "label": o.label, "at": str(o.where), "unit": o.unit} for o in orders]
    print(json.dumps(rows, indent=1) if given.json else "\n".join(f"{r['uuid']}  {r['at']}" for r in rows))
    if not prepare.systemd_runs():
        say("systemd does not run here: nothing mounts these at the next start but you")
    return 0


def _replace(given: argparse.Namespace) -> int:
    from ops.disks import changing, site

    _as_root()
    here = site.here(options.folder(given), given.folder, asking=True)
    outcome = changing.replaced(here, given.old, given.new, given.yes, Path(given.units), given.dry_run)
    if outcome is None:
        return 0
    if given.json:
        print(json.dumps({"seconds": round(outcome.seconds, 1), "healed": outcome.healed, "failed": outcome.failed}))
    say(f"full redundancy after {outcome.seconds:.0f} s: {outcome.healed:,} object versions on the new drive")
    if outcome.failed:
        say(f"{outcome.failed} could not be healed\n  → ./ops/verify --deep says which, and what they belong to.")
    return 1 if outcome.failed else 0


def _as_root() -> None:
    if os.geteuid() != 0:
        raise Failed(ROOT_ONLY)


if __name__ == "__main__":
    options.run(main, crashed=2)
