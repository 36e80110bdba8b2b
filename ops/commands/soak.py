"""`./ops/soak --minutes N`: an appliance of its own under mixed load, with a random kill each half minute."""

import argparse
import json
import random
import sys
from pathlib import Path

from ops.commands import options
from ops.setup.say import say

EPILOG = """\
Clients send photos small and large, files that are none, and forms twice; they abandon links, delete, try again what
failed, and listen by websocket and webhook. Every half minute one part is killed (kill -9), or a decoder. In the end
the load stops, all that was acknowledged has to come to an end, and ./ops/verify --deep has to be clean, once it has
deleted what a storage that was killed had stored and told nobody: one version of each form under way at most. Every
part has to be well within two minutes after a kill; in ten minutes or more none may double its memory and go on
growing.

It runs on free ports in a temporary folder, and leaves nothing behind. The seed is printed: with --seed it decides
again what is sent and what is killed, in the same order.

Exit codes: 0 nothing is lost, stuck or unexplained, and no part falls short; 1 it is not so; 2 it could not run;
130 it was interrupted.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    # Only now, since --help is answered before anything is installed.
    from ops.benchmarks.appliance import NotStarted
    from ops.soaking import report, run

    try:
        outcome = run.soak(given.minutes * 60, given.seed, given.at_once, say)
    except NotStarted as error:
        say(f"darkroom: {error}")
        return 2
    except KeyboardInterrupt:
        say("darkroom: interrupted; its appliance has been ended")
        return 130
    print(json.dumps(outcome.told(), indent=1) if given.json else report.text(outcome))
    if given.report:
        report.write(given.report, outcome)
    return 0 if outcome.holds else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    made = argparse.ArgumentParser(
        prog="./ops/soak",
        description="Keeps an appliance of its own busy while parts of it are killed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "--minutes", type=_minutes, default=20.0, metavar="N", help="how long the load lasts (default 20)"
    )
    made.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="what chance is to decide by")
    made.add_argument("--at-once", type=int, default=4, metavar="N", help="clients that upload (default 4)")
    made.add_argument("--report", type=Path, metavar="FILE", help="write the result into this Markdown file as well")
    made.add_argument("--json", action="store_true", help="the result for a script")
    made.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; this one starts its own
    return made.parse_args(arguments)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0
    if not 0.5 <= minutes <= 7 * 24 * 60:
        raise argparse.ArgumentTypeError("it is a number from 0.5 to 10080")
    return minutes


if __name__ == "__main__":
    options.run(main, crashed=2)
