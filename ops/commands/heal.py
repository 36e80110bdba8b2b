"""`./ops/heal`: storage is healed now, and what could not be healed is told with its owners."""

import argparse
import asyncio
import json
import sys
from typing import Any

from ops.commands import options
from ops.commands.serving import CannotRun, become
from ops.setup.say import say

EPILOG = """\
What returns is healed by itself (./ops/status shows it): this is for whoever wants to be sure. The caretaker does it,
so it goes on if this is ended with Ctrl-C, and --list shows what came of it. Every object version is looked at; what
lacks shards gets them back. A version that can't be healed is made anew from its original. Where an original can't be,
its asset says so (object_damaged, object_missing), but never while a drive is away.

Exit codes: 0 nothing is left that could not be healed; 1 something is: it is listed; 2 it could not run.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    try:
        root = become("caretaker", options.folder(given)).credentials.storage_root
        from ops import healing

        result = asyncio.run(healing.run(root, given.bucket or "", deep=False, only_list=given.list, quiet=given.json))
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(result, indent=1) if given.json else text(result))
    return 1 if result["unhealed"] else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("heal", "Has storage give every object version back the shards it lacks.", EPILOG)
    which = made.add_mutually_exclusive_group()
    which.add_argument("--bucket", metavar="NAME", help="only this bucket: originals, versions, or one of others")
    which.add_argument("--list", action="store_true", help="only list what could not be healed, and whose it is")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def text(result: dict[str, Any]) -> str:
    from ops.caretaker.telling import found

    told = [found(result["round"])] if result.get("round") else []
    if not result["unhealed"]:
        return "\n".join([*told, "Nothing is left that could not be healed."])
    told.append(f"{len(result['unhealed'])} object versions could not be healed:")
    return "\n".join([*told, *(line for one in result["unhealed"] for line in _object(one))])


def _object(one: dict[str, Any]) -> list[str]:
    version = f" version {one['version_id']}" if one["version_id"] else ""
    owners = [f"{noun} {one[noun]}" for noun in ("project", "chat", "user") if one[noun]]
    owners += [f"uploaded by user {one['uploader']}"] if one["uploader"] else []
    asset = (
        [f"asset {one['asset']} ({one['filename']}, {one['error_code'] or one['state']})"] if one["filename"] else []
    )
    return [
        f"  {one['bucket']}/{one['key']}{version}",
        f"    {_VERDICTS[one['verdict']]}; {one['detail']}",
        f"    {', '.join([*asset, *owners]) or 'of no asset'}",
    ]


_VERDICTS = {
    None: "not known yet: it is decided when all drives are back",
    "made_anew": "made anew from its original",
    "readable": "can be read, but has not all its shards",
    "damaged": "lost: to be uploaded again, or restored from a backup",
    "missing": "lost: to be uploaded again, or restored from a backup",
}


if __name__ == "__main__":
    options.run(main, crashed=2)
