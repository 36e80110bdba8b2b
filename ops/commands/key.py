"""`./ops/key create|list|revoke`: S3 keys for other programs, each for one bucket."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from ops.commands import options, tenancy
from ops.folder import DataFolder
from ops.setup.say import say

if TYPE_CHECKING:
    from storage.tenants import Issued

EPILOG = f"""\
`create` prints the key on standard output, this once, as variables that boto3, awscli and others read. Over https://
they must trust the edge's authority, where no certificate was given: edge/caddy/pki/authorities/local/root.crt in the
data folder. A key sees its bucket and no other; ./ops/bucket makes buckets.

A revoked key is refused at once, with every link that was signed by it.

{tenancy.EXITS}
"""
REGION = "us-east-1"


def main() -> int:
    given = parse(sys.argv[1:])
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    return actions[given.action](options.folder(given), given)


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("key", "S3 keys for other programs, each for one bucket.", EPILOG)
    actions = made.add_subparsers(dest="action", required=True, metavar="create|list|revoke")
    create = tenancy.action(actions, "create", "make a key and print it on standard output, this once")
    create.add_argument("--bucket", metavar="NAME", required=True, help="the only bucket that it sees")
    create.add_argument("--read-only", action="store_true", help="it may list and read, not write or delete")
    listing = tenancy.action(actions, "list", "show the keys there are, without their secrets")
    listing.add_argument("--bucket", metavar="NAME", default="", help="only those of one bucket")
    for one in (create, listing):
        one.add_argument("--json", action="store_true", help="the same for a script")
    revoke = tenancy.action(actions, "revoke", "withdraw a key")
    revoke.add_argument("access", metavar="KEY", help="as ./ops/key list shows it")
    revoke.add_argument("--yes", action="store_true", help="do it; without it is only said what would be done")
    return made.parse_args(arguments)


def _create(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        key = tenants.issue(given.bucket, given.read_only)
    values = {"AWS_ACCESS_KEY_ID": key.access, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_REGION": REGION}
    if url := tenancy.endpoint(folder):
        values["AWS_ENDPOINT_URL"] = url
    print(json.dumps(values, indent=1) if given.json else "\n".join(f"{name}={values[name]}" for name in values))
    return 0


def _list(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        found = tenants.issued(given.bucket)
    print(json.dumps([asdict(key) for key in found], indent=1) if given.json else _table(found))
    return 0


def _table(keys: "list[Issued]") -> str:
    lines = [f"{'key':20}  {'may':5}  bucket"]
    lines += [f"{key.access:20}  {'read' if key.read_only else 'write':5}  {key.bucket or '-'}" for key in keys]
    return "\n".join(lines)


def _revoke(folder: DataFolder, given: argparse.Namespace) -> int:
    with tenancy.asked(folder) as tenants:
        if not given.yes:
            known = any(key.access == given.access for key in tenants.issued())
            say(f"{given.access} would be revoked; --yes does it." if known else f"There is no key {given.access}.")
            return 1
        key = tenants.revoke(given.access)
    say(f"{key.access} of {key.bucket or 'no bucket'} is revoked: it is refused at once.")
    return 0


if __name__ == "__main__":
    options.run(main)
