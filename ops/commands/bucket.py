"""`./ops/bucket create|list|quota|delete`: buckets for other programs on the same S3."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from ops.commands import options, tenancy
from ops.folder import DataFolder
from ops.quantities import bytes_told, size
from ops.setup.say import say

if TYPE_CHECKING:
    from storage.tenants import Bucket

LAG = """\
The server enforces a quota by its last count of what a bucket holds, which is minutes old, and longer where much is
stored: a bucket may grow beyond its quota by what is written meanwhile. What keeps the appliance's own uploads safe is
another limit: nobody else can write while a drive has less than DARKROOM_S3_FREE_PERCENT (10) percent free."""
EPILOG = f"""\
{LAG}
Buckets of others keep no older versions, and are in no backup of ./ops/backup; uploads in parts that are never ended
are removed after DARKROOM_CLEAN_HOURS (48) and a day.

{tenancy.EXITS}
"""


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    actions = {"create": _create, "list": _list, "quota": _quota, "delete": _delete}
    return actions[given.action](folder, given)


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("bucket", "Buckets for other programs, on the same S3.", EPILOG)
    actions = made.add_subparsers(dest="action", required=True, metavar="create|list|quota|delete")
    create = tenancy.action(actions, "create", "make an empty bucket")
    quota = tenancy.action(actions, "quota", "change how much a bucket may hold")
    for one in (create, quota):
        one.add_argument("name", metavar="NAME", help="3 to 63 small letters, digits and hyphens")
        one.add_argument("--quota", metavar="SIZE", type=size, required=True, help="as 500G or 2TiB, before parity")
    listing = tenancy.action(actions, "list", "show all buckets of others, with what the server last counted in them")
    listing.add_argument("--json", action="store_true", help="the same for a script, sizes in bytes")
    delete = tenancy.action(actions, "delete", "delete a bucket, with all it holds and all its keys")
    delete.add_argument("name", metavar="NAME", help="as ./ops/bucket list shows it")
    delete.add_argument("--yes", action="store_true", help="do it; without it is only said what would be done")
    return made.parse_args(arguments)


def _create(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        tenants.create(given.name, given.quota)
    say(f"Made {given.name}, for {bytes_told(given.quota)}. A key for it: ./ops/key create --bucket {given.name}")
    tenancy.endpoint(folder)
    return 0


def _quota(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        tenants.limit(given.name, given.quota)
    say(f"{given.name} may hold {bytes_told(given.quota)}.\n{LAG}")
    return 0


def _list(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        found = tenants.buckets()
    print(json.dumps([asdict(bucket) for bucket in found], indent=1) if given.json else _table(found))
    return 0


def _table(buckets: "list[Bucket]") -> str:
    lines = [f"{'quota':>9} {'used':>9} {'objects':>9}  name"]
    for bucket in buckets:
        used = "-" if bucket.used is None else bytes_told(bucket.used)
        objects = "-" if bucket.objects is None else str(bucket.objects)
        lines.append(f"{bytes_told(bucket.quota):>9} {used:>9} {objects:>9}  {bucket.name}")
    return "\n".join([*lines, "", "Used is what the server last counted, minutes ago or longer; quotas lag as much."])


def _delete(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        if not given.yes:
            known = next((bucket for bucket in tenants.buckets() if bucket.name == given.name), None)
            held = "" if known is None or known.objects is None else f" ({known.objects} objects at the last count)"
            keys = len(tenants.issued(given.name)) if known else 0
            what = f"{given.name} with all it holds{held} and its keys ({keys})" if known else "nothing: there is none"
            say(f"Would delete {what}. --yes does it, and nothing brings it back.")
            return 1
        tenants.delete(given.name)
    say(f"{given.name} and its keys are gone. The server gives its room back by and by.")
    return 0


if __name__ == "__main__":
    options.run(main)
