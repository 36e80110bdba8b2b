"""`./ops/replicate`: every stored object also goes to a second site."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from ops.commands import options
from ops.commands.serving import CannotRun, become
from ops.folder import DataFolder
from ops.quantities import bytes_told
from ops.setup.say import say

if TYPE_CHECKING:
    from storage.keys import Key
    from storage.replication import Replication

ROOT, KEY = "DARKROOM_REPLICA_ROOT", "DARKROOM_REPLICA_KEY"

EPILOG = """\
The second site is another storage server of the same kind (./ops/cluster plans one), which this appliance's storage
reaches at URL; its certificate has to be of an authority that this machine trusts. With its administrator's key in
DARKROOM_REPLICA_ROOT (access:secret) two buckets are made there, and a key that may do nothing but keep copies in them;
that administrator's key is not kept. Or give such a key in DARKROOM_REPLICA_KEY, made as --policy prints it, where the
versioned buckets `originals` and `versions` are there.

What is stored goes there within seconds, with the same version id, and so does what was stored before. While the
second site is away everything goes on here, and what it lacks goes there when it is back. What is deleted here is
deleted there: this is no backup, and the ledger does not go there; ./ops/backup does both. After a loss ./ops/restore
--objects takes the bytes from there. `versions` becomes a versioned bucket, and stays one.

--status tells what the server counts; with --compare (and one of the two keys) both sides are listed and compared.

Exit codes: 0 it is set up or removed, or with --status the other site answers and nothing is known to lack there; 1
with --status it is away, lacks something, or there is none; 2 it was not done.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    try:
        if given.policy:
            from storage import replication

            print(json.dumps(replication.policy(), indent=1))
            return 0
        told = asked(given, options.folder(given))
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(told, indent=1) if given.json else text(told))
    return 0 if told.get("well", True) else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("replicate", "Sends every stored object to a second site as well.", EPILOG)
    which = made.add_mutually_exclusive_group(required=True)
    which.add_argument("--to", metavar="URL", help="http[s]://host[:port] of the other storage server")
    which.add_argument("--status", action="store_true", help="how far it is")
    which.add_argument("--remove", action="store_true", help="nothing more goes there; what is there stays")
    which.add_argument("--policy", action="store_true", help="print what the key on the other server has to be allowed")
    made.add_argument("--compare", action="store_true", help="with --status: list both sides")
    made.add_argument("--yes", action="store_true", help="with --remove: do it")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """Does what was asked. Raises CannotRun."""
    become("replicate", folder)
    from storage.errors import StorageError
    from storage.replication import Replication

    url, root = os.environ["DARKROOM_STORAGE_URL"], key(os.environ.get("DARKROOM_STORAGE_ROOT", ""))
    if root is None:
        raise CannotRun("the storage's administrator is not known here\n  → Set DARKROOM_STORAGE_ROOT.")
    ours = Replication(url, root)
    try:
        if given.to:
            return begun(ours, given.to, url, root)
        if given.remove:
            return removed(ours, given.yes)
        return standing(ours, url, root, given.compare)
    except StorageError as error:
        raise CannotRun(f"storage refused, here or there: {error}") from error


def key(text: str) -> "Key | None":
    """A key from access:secret; None where there is none."""
    from storage.keys import Key

    access, _, secret = text.partition(":")
    return Key(access, secret) if access and secret else None


def begun(ours: "Replication", to: str, url: str, root: "Key") -> dict[str, Any]:
    """Sets it up, from the server at `url`. Raises CannotRun, StorageError."""
    from urllib.parse import urlsplit

    from minio import Minio

    from storage import replication
    from storage.signing import REGION

    if urlsplit(to).scheme not in ("http", "https") or not urlsplit(to).hostname:
        raise CannotRun(f"{to} is no address such as https://storage.elsewhere:9000")
    for bucket in replication.BUCKETS:
        if there := [one for one in ours.targets(bucket) if one["endpoint"] != urlsplit(to).netloc]:
            raise CannotRun(f"it goes to {there[0]['endpoint']} already\n  → ./ops/replicate --remove --yes")
    other_root, other_key = key(os.environ.get(ROOT, "")), key(os.environ.get(KEY, ""))
    if not (other_root or other_key):
        raise CannotRun(f"no key of the other server\n  → Set {ROOT} or {KEY}, as access:secret; see --help.")
    parts = urlsplit(url)
    replication.versioned(Minio(parts.netloc, *root, secure=parts.scheme == "https", region=REGION))
    other = other_key or replication.prepare(to, other_root or root)
    for bucket in replication.BUCKETS:
        ours.begin(bucket, replication.Other(to, other))
    return {"to": to, "buckets": list(replication.BUCKETS)}


def removed(ours: "Replication", really: bool) -> dict[str, Any]:
    """Raises CannotRun, StorageError."""
    from storage import replication

    if not really:
        raise CannotRun("nothing more would go to the other site, and what is there would stay\n  → --yes does it.")
    return {"removed": [bucket for bucket in replication.BUCKETS if ours.end(bucket)]}


def standing(ours: "Replication", url: str, root: "Key", compare: bool) -> dict[str, Any]:
    """Raises CannotRun, StorageError."""
    from storage import replication
    from storage.inspection import Inspector

    found = [one for bucket in replication.BUCKETS if (one := ours.standing(bucket))]
    told: dict[str, Any] = {"buckets": {one.bucket: one._asdict() for one in found}}
    well = bool(found) and all(one.online and not one.waiting and not one.copying_old for one in found)
    if compare and found:
        other = key(os.environ.get(KEY, "")) or key(os.environ.get(ROOT, ""))
        if other is None:
            raise CannotRun(f"no key of the other server to list with\n  → Set {KEY} or {ROOT}, as access:secret.")
        here, there = Inspector(url, *root), Inspector(found[0].url, *other)
        for one in found:
            sides = (side.list(one.bucket, "", versions=True) for side in (here, there))
            compared = replication.compared(*sides)
            told["buckets"][one.bucket]["compared"] = compared._asdict()
            well = well and not compared.here
    return told | {"well": well}


def text(told: dict[str, Any]) -> str:
    if "to" in told:
        return f"Everything also goes to {told['to']} from now on, what is stored already too: ./ops/replicate --status"
    if "removed" in told:
        return "Nothing more goes there." if told["removed"] else "It went nowhere."
    lines = []
    for name, one in told["buckets"].items():
        lines.append(f"{name}: {one['url']} {'answers' if one['online'] else 'IS AWAY'}")
        lines.append(
            f"  {one['copied']:,} object versions copied since the last start, {bytes_told(one['copied_bytes'])};"
            f" {one['waiting']:,} wait, {bytes_told(one['waiting_bytes'])};"
            f" tries that failed in the last hour, and are made again: {one['failed']:,}"
        )
        if one["copying_old"]:
            lines.append("  what was stored before is being looked through")
        if sides := one.get("compared"):
            lines.append(
                f"  on both sides {sides['both']:,}; not there yet {sides['here']:,},"
                f" {bytes_told(sides['here_bytes'])}; only there {sides['there']:,}"
            )
    return "\n".join(lines or ["Nothing goes to a second site: ./ops/replicate --to URL"])


if __name__ == "__main__":
    options.run(main, crashed=2)
