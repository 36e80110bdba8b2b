"""`./ops/bench transform DIR`: the four versions of every photo in DIR, against peers and the codec's own limit.

Rounds alternate between the contestants, so that a noisy machine disturbs all of them alike. CPU seconds a photo are
the median of the rounds. Exit code: 0 when every goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from ops.benchmarks import command


def main(argv: list[str]) -> int:
    options = _parse(argv)
    # Only now, since --help is answered before anything is installed.
    from ops.benchmarks.contestants import contestants
    from ops.benchmarks.environments import NotInstalled
    from ops.benchmarks.goals import judge
    from ops.benchmarks.report import table
    from ops.benchmarks.rounds import run

    photos = command.photos(options.folder)
    if not photos:
        print(f"no JPEG files in {options.folder}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as scratch:
        try:
            entries = contestants(options.environments or Path(scratch), command.say)
        except NotInstalled as error:
            print(f"a peer could not be installed: {error}", file=sys.stderr)
            return 2
        results = run(entries, photos, options.rounds, Path(scratch), command.say)
    goals = judge(results)
    if options.json:
        plain = {name: asdict(result) for name, result in results.items()}
        print(
            json.dumps({"photos": len(photos), "results": plain, "goals": [asdict(goal) for goal in goals]}, indent=2)
        )
    else:
        print(table(results, goals, len(photos)))
    return 0 if all(goal.reached for goal in goals) else 1


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./ops/bench transform", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of JPEG photos")
    parser.add_argument("--rounds", type=command.positive, default=7, help="rounds of every contestant (default 7)")
    parser.add_argument("--json", action="store_true", help="figures for a script")
    parser.add_argument("--environments", type=Path, metavar="DIR", help="keep the peers' environments here")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; no appliance is needed here
    return parser.parse_args(argv)
