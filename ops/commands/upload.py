"""`./ops/upload --project ID DIR`: sends a folder of photos, and waits until they are developed."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ops.commands import options
from ops.setup.say import say, stop

if TYPE_CHECKING:
    from ops.uploading.run import Outcome

EPILOG = """A run that was broken off is taken up where it was: call it again. The folder may be on another machine:
--url names the appliance, and DARKROOM_KEY in the environment holds a server key of it (./ops/apikey).
Exit codes: 0 all are done; 1 some failed, and why is printed, or it could not begin; 2 wrong usage;
130 it was interrupted."""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = options.parser("upload", "Sends the photos of a folder, and waits until each is developed.", EPILOG)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder; folders below it are sent too")
    parser.add_argument(
        "--project", required=True, metavar="ID", help="the project they go to; it is made if it is new"
    )
    parser.add_argument("--url", help="the appliance's address (default: the one running here)")
    parser.add_argument(
        "--at-once", type=_count, default=6, metavar="N", help="uploads under way at the same time (default 6)"
    )
    parser.add_argument("--json", action="store_true", help="no bars; the result as JSON")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 100:
        raise argparse.ArgumentTypeError("it is a number from 1 to 100")
    return int(text)


def main() -> int:
    given = parse(sys.argv[1:])
    folder = given.folder.resolve()
    if not folder.is_dir():
        stop(f"{given.folder} is no folder", "Name the folder that holds the photos.")
    # Here and not above: `--help` is answered before anything is installed.
    import aiohttp

    from ops.uploading import sending
    from ops.uploading.client import Away, Refused

    try:
        outcome, left_out = asyncio.run(sending.send(given, folder, os.environ.get("DARKROOM_KEY")))
    except (Refused, Away, aiohttp.ClientError, OSError) as error:
        stop(
            f"the appliance does not answer as it should: {error or type(error).__name__}",
            "Is its address right, and all of it well (./ops/status)? Then call this again: it goes on where it was.",
        )
    except KeyboardInterrupt:
        say("interrupted; call this again, and it goes on where it was")
        return 130
    _report(outcome, left_out, given.json)
    return 1 if outcome.failed else 0


def _report(outcome: "Outcome", left_out: int, as_json: bool) -> None:
    if as_json:
        failed = [{"file": path, "reason": reason} for path, reason in outcome.failed]
        print(json.dumps({"done": outcome.done, "failed": failed, "left_out": left_out}, indent=1))
        return
    others = f", {left_out} other files left out" if left_out else ""
    print(f"{outcome.done} done, {len(outcome.failed)} failed{others}")
    for path, reason in outcome.failed:
        print(f"  {path}: {reason}")


if __name__ == "__main__":
    options.run(main)
