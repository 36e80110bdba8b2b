"""`./ops/scrub`: every shard in storage is read, compared with its hash, and mended."""

import argparse
import asyncio
import json
import sys
from typing import Any

from ops.commands import options
from ops.commands.serving import CannotRun, become
from ops.setup.say import say

EPILOG = """\
The caretaker scrubs by itself every DARKROOM_SCRUB_DAYS (30), one owner's day after the other. While files wait to be
processed it waits, too, DARKROOM_SCRUB_PAUSE_SECONDS (60) at most for every thousand object versions. Whatever is
killed, it goes on where it was. Without an option this shows how far it is.

Exit codes: 0 the last scrub left nothing unhealed, or none has ended; 1 something could not be healed, see ./ops/heal
--list; 2 it could not run.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    try:
        root = become("caretaker", options.folder(given)).credentials.storage_root
        from ops import healing

        if given.now:
            result = asyncio.run(healing.run(root, "", deep=True, only_list=False, quiet=given.json))
        else:
            result = asyncio.run(healing.scrubs())
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(result, indent=1) if given.json else text(result))
    return 1 if result["unhealed"] else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("scrub", "Shows the scrub of storage: every shard is read, and mended.", EPILOG)
    which = made.add_mutually_exclusive_group()
    which.add_argument(
        "--now", action="store_true", help="begin one now, and wait for its end; Ctrl-C leaves it to go on"
    )
    which.add_argument("--status", action="store_true", help="show how far it is (so it does without an option)")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def text(result: dict[str, Any]) -> str:
    from ops.caretaker.findings import duration, progress
    from ops.caretaker.telling import found

    told = []
    if result.get("round"):
        told.append(found(result["round"]))
    else:
        now, last = result["under_way"], result["last"]
        told.append(f"under way: {now['trouble'] or progress(now)}" if now else "none is under way")
        told.append(f"the last one ended at {last['ended_at']}: {found(last)}" if last else "none has ended yet")
        left = result["next_in_seconds"]
        told.append("none is due by itself" if left is None else f"the next one begins in {duration(max(0.0, left))}")
    bad = len(result["unhealed"])
    return "\n".join([*told, *([f"{bad} object versions can't be healed: ./ops/heal --list"] if bad else [])])


if __name__ == "__main__":
    options.run(main, crashed=2)
