"""`./ops/verify`: ledger and storage held against each other, and mended on demand."""

import argparse
import asyncio
import json
import sys
from datetime import date

from ops.commands import options
from ops.commands.serving import CannotRun, become
from ops.folder import DataFolder
from ops.setup.say import say

EPILOG = """\
Every difference is read again from both sides before it counts. Unexplained object versions are those that nothing in
the ledger refers to, once they are older than the grace time; missing ones are referred to and not there; damaged ones
have another size or, with --deep, other bytes than the ledger says.

--repair shows what would be done, and does it with --yes: unexplained object versions are deleted, an upload that came
too late to be looked for is taken in. What misses an object version becomes `error` object_missing, one of which a
version is damaged `error` version_damaged: both are made anew when they are tried again. One whose original is damaged
becomes `error` object_damaged, and is to be uploaded again or restored. Usage that is not the sum of what there is is
counted anew. Nothing else is done while storage is not whole, nor more than --limit.

Exit codes: 0 all is explained (or was mended); 1 there are differences; 2 it could not be found out.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    try:
        result = asyncio.run(asked(given, folder))
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(result, indent=1) if given.json else text(result))
    if result.get("repair", {}).get("refused"):
        return 2 if given.yes else 1
    return 0 if result["clean"] or (given.yes and mended(result)) else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("verify", "Holds the ledger and all objects in storage against each other.", EPILOG)
    made.add_argument("--deep", action="store_true", help="also read all bytes and compare their SHA-256")
    made.add_argument("--repair", action="store_true", help="show what would be done about differences")
    made.add_argument("--yes", action="store_true", help="with --repair: do it")
    made.add_argument("--limit", type=int, default=1000, metavar="N", help="changes at most (default: 1000)")
    made.add_argument(
        "--grace",
        type=float,
        default=None,
        metavar="SECONDS",
        help="what is younger needs no explanation yet (default: an hour); 0 when nothing is under way",
    )
    days = made.add_mutually_exclusive_group()
    days.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="only this day's folders (UTC)")
    days.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="only those from this day on")
    made.add_argument("--json", action="store_true", help="the result for a script")
    given = made.parse_args(arguments)
    if given.yes and not given.repair:
        made.error("--yes belongs to --repair")
    if given.limit < 0 or (given.grace is not None and given.grace < 0):
        made.error("--limit and --grace are not negative")
    return given


async def asked(given: argparse.Namespace, folder: DataFolder) -> dict:
    """The report. Raises CannotRun."""
    plan = become("verify", folder)
    from ops import verifying

    try:
        return await verifying.run(given, plan.credentials.storage_root)
    except verifying.CANNOT as error:
        raise CannotRun(f"{error}\n  → ./ops/status shows which part is not well.") from error


def mended(result: dict) -> bool:
    """Whether repairing left nothing of what was found."""
    return not result["repair"]["refused"]


def text(result: dict) -> str:
    uploads = result["uploads"]
    errors = ", ".join(f"{code} {count}" for code, count in uploads["errors"].items())
    progress = sum(uploads["in_progress"].values())
    lines = [
        f"uploads {uploads['total']} = done {uploads['done']} + error {sum(uploads['errors'].values())}"
        f"{f' ({errors})' if errors else ''} + in progress {progress}",
        f"object versions {result['object_versions']}, references {result['references']}"
        f"{', bytes read ' + str(result['bytes_read']) if result['deep'] else ''}",
        f"unexplained object versions {result['unexplained']}",
        f"missing object versions {result['missing']}",
    ]
    if result["deep"] or result["damaged"]:
        lines.append(f"damaged object versions {result['damaged']}")
    if result["without_sha256"]:
        lines.append(f"read, and with no SHA-256 to compare yet {result['without_sha256']}")
    if result["young"]:
        lines.append(f"younger than the grace time and not counted {result['young']}")
    if result["miscounted"]:
        lines.append(f"projects, users and addresses whose usage is miscounted {result['miscounted']}")
    for one in result["examples"]:
        version = f" version {one['version_id']}" if one["version_id"] else ""
        lines.append(f"  {one['kind']}: {one['bucket']}/{one['key']}{version} {one['detail']}".rstrip())
    if "repair" in result:
        lines.append(_repaired(result["repair"]))
    return "\n".join(lines)


def _repaired(repair: dict) -> str:
    names = ("deleted", "taken_in", "forgotten", "called_missing", "called_damaged")
    what = ", ".join(f"{repair[name]} {name.replace('_', ' ')}" for name in names)
    told = f"repaired: {what}" if repair["done"] else f"would be repaired with --yes: {what}"
    return told + (f"\nnot repaired further: {repair['refused']}" if repair["refused"] else "")


if __name__ == "__main__":
    options.run(main, crashed=2)
