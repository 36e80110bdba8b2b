"""`./ops/drill`: a sample of a backup is restored into a scratch appliance and compared."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ops.backups import kept
from ops.commands import options
from ops.commands.backup import opened
from ops.commands.serving import CannotRun
from ops.folder import DataFolder
from ops.quantities import bytes_told
from ops.setup import external
from ops.setup.say import say

EPILOG = """\
A scratch appliance (database and storage, in a temporary folder, on free ports) gets the whole ledger of the backup and
a sample of its objects, evenly spread; each of these is read from there again and compared with the SHA-256 that the
ledger has of it. Then it is removed. The appliance that the backup is of need not run, and is not touched.

Exit codes: 0 the sample is as it should be; 1 it is not; 2 the drill could not be done.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    try:
        told = asked(given, folder)
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    if folder.path.is_dir():
        folder.write(
            kept.DRILL,
            {"at": time.time(), "from": given.store, "stamp": told["stamp"], "damaged": len(told["damaged"])},
        )
    print(json.dumps(told, indent=1) if given.json else text(told))
    return 1 if told["damaged"] else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("drill", "Restores a sample of a backup into a scratch appliance, and compares it.", EPILOG)
    made.add_argument("--from", dest="store", required=True, metavar="STORE", help="as ./ops/backup --to was given it")
    made.add_argument("--at", metavar="STAMP", help="which backup (default: the last)")
    made.add_argument("--sample", type=_count, default=500, metavar="N", help="object versions, about (default 500)")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """Does one, beside the appliance of `folder`. Raises CannotRun."""
    from ops import variables
    from ops.backups import catalogue, filling
    from ops.backups.stores import StoreError
    from ops.clusters import operating

    external.alone(os.environ)  # all parts of the scratch appliance are its own, wherever this one's are
    store = opened(given.store)
    try:
        manifest = catalogue.manifest(store, given.at)
    except StoreError as error:
        raise CannotRun(f"{given.store}: {error}") from error
    # Its parts are its own, wherever those of the appliance are that this environment may be for.
    for name in set(os.environ) - set(variables.of_nobody(os.environ)):
        del os.environ[name]
    if server := operating.server(folder):
        os.environ.setdefault("DARKROOM_MINIO", server)
    scratch = Path(tempfile.mkdtemp(prefix="darkroom-drill-"))
    try:
        own = DataFolder(scratch / "data")
        own.make()
        own.take()
        each = max(1, manifest.objects // given.sample)
        told = filling.fill(own, store, manifest, False, given.json or not sys.stderr.isatty(), each)
    except filling.NotFilled as failure:
        raise CannotRun(f"the drill could not be done: {failure}") from failure
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return told | {"of": manifest.objects}


def text(told: dict[str, Any]) -> str:
    sample = f"{told['objects']:,} of {told['of']:,} object versions, {bytes_told(told['bytes'])}"
    lines = [f"backup {told['stamp']}: ledger and {sample} restored in {told['seconds']:.1f} s"]
    if not told["damaged"]:
        return "\n".join([*lines, "each is what it was"])
    lines.append(f"lost or damaged {len(told['damaged'])}")
    return "\n".join([*lines, *(f"  {one}" for one in told["damaged"][:20])])


if __name__ == "__main__":
    options.run(main, crashed=2)
