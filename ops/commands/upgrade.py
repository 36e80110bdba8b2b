"""`./ops/upgrade`: the embedded Postgres is moved to the major version that is installed."""

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from ops.backups import kept
from ops.commands import options
from ops.commands.serving import CannotRun
from ops.folder import RESTORING, DataFolder
from ops.quantities import bytes_told
from ops.setup.say import say

if TYPE_CHECKING:
    from ops.majors import Move

EPILOG = """\
Only a newer major version (18 to 19) needs this, and nothing has to be done at once: the appliance goes on with the
Postgres that made its data, which is kept in the data folder. Minor versions need nothing at all: ./ops/down, a new
checkout, ./ops/up. Parts other than the database are brought up to date by ./ops/up.

Without --yes it says what it would do. The data are copied, so it needs as much free space as they take, and the old
folder stays beside the new one until you remove it. It can be killed at any moment: type it again, or start the
appliance, which goes on with the old data, or with the new ones if those were complete.

Exit codes: 0 the data are of the installed version (now); 1 they are not, and --yes was not given; 2 they were not
moved, and are what they were.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    try:
        told = asked(given, options.folder(given))
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(told, indent=1) if given.json else text(told))
    return 1 if told["waits"] else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("upgrade", "Moves the embedded Postgres to the major version that is installed.", EPILOG)
    made.add_argument("--yes", action="store_true", help="do it")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """What there was to do, and whether it was done. Raises CannotRun."""
    if os.environ.get("DARKROOM_DATABASE_URL"):
        raise CannotRun("the database runs elsewhere (DARKROOM_DATABASE_URL)\n  → Upgrade it there.")
    from ops import locate, majors

    if not folder.path.is_dir():
        raise CannotRun(f"there is no appliance in {folder.path}\n  → Name its data folder: --data DIR")
    if not folder.take():
        raise CannotRun("Darkroom is running\n  → End it with ./ops/down, then type this again.")
    if begun := folder.read(RESTORING):
        where = begun.get("from", "…")
        raise CannotRun(f"a restore has not ended here\n  → Go on with it: ./ops/restore --from {where}")
    try:
        _left_over(folder)
        move = majors.planned(folder)
        if move is None:
            return {"waits": False, "done": False, "version": locate.version(locate.postgres(folder) / "postgres")}
        told = {"from": move.old, "to": move.new, "bytes": move.size, "free": move.free, "kept": str(move.kept)}
        if move.free < move.needed:
            lacks = f"{bytes_told(move.free)} are free, {bytes_told(move.needed)} are needed for a copy"
            raise CannotRun(f"{lacks}\n  → Make room in {folder.path}.")
        backup = kept.told(kept.state(folder))
        if not given.yes:
            return told | {"waits": True, "done": False, "backup": backup}
        return told | {"waits": False, "done": True, "seconds": _done(folder, move, given.json)}
    except majors.NotMoved as error:
        raise CannotRun(f"not upgraded: {error}") from error


def _left_over(folder: DataFolder) -> None:
    """What a supervisor that was killed has left is still ending, and an upgrade's copy may be complete."""
    from ops import majors, running

    running.end_leftovers(folder.read(running.FILE), say)
    majors.recover(folder)


def _done(folder: DataFolder, move: "Move", quiet: bool) -> float:
    from ops import credentials, majors
    from ops.backups.bars import Bar

    began, last = time.monotonic(), 0
    with Bar("copied", quiet or not sys.stderr.isatty()) as bar:
        bar.found(0, move.size)

        def grown(size: int) -> None:
            nonlocal last
            bar.done(0, size - last)
            last = size

        majors.move(folder, move, credentials.load(folder, {}).database, grown)
    return round(time.monotonic() - began, 1)


def text(told: dict[str, Any]) -> str:
    if "to" not in told:
        return f"The database is of Postgres {told['version']}, as installed: there is nothing to do."
    if told["waits"]:
        return (
            f"Would move the database from Postgres {told['from']} to {told['to']}: {bytes_told(told['bytes'])} are"
            f" copied, {bytes_told(told['free'])} are free.\n"
            f"The old folder would be kept as {told['kept']}.\n{told['backup']}\n"
            "  → ./ops/upgrade --yes does it."
        )
    return (
        f"The database is of Postgres {told['to']} now, after {told['seconds']:.1f} s.\n"
        f"What it was is kept as {told['kept']}: remove it when ./ops/up and ./ops/verify have shown that all is well."
    )


if __name__ == "__main__":
    options.run(main, crashed=2)
