"""`./ops/bench library [DIR]`: videos made anew by a library, against a plain shell loop of ffmpeg over the same files.

Without DIR, over clips made here, a third of which are not worth it. Both work on copies, with the same encoder, the
same quality and as many threads together, in turns: the library on several files at once, the loop on one. The library
verifies what it made, decoding all of it once more, and the loop does not. Shown are the rate of each step and, for
both, the time, the bytes saved, and the files that were harmed: what they held is lost, they are larger, or can't be
decoded. A step's time is that of one file, next to the others. The ledger is left out: milliseconds a file.
Exit code: 0 when every goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.benchmarks import command
from processors.video.codec import Codec

if TYPE_CHECKING:
    from ops.benchmarks.films.match import Match
    from ops.benchmarks.goals import Goal

MOST_WALL = 1.1
SIZE = "1280x720"
STEPS = ("found", "probed", "decided", "read again", "encoded", "verified", "replaced")


def main(argv: list[str]) -> int:
    options = _parse(argv)
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as scratch:
        match = asyncio.run(_matched(options, Path(scratch)))
    command.say("")
    if match is None:
        print(f"no videos in {options.folder}", file=sys.stderr)
        return 2
    goals = judge(match)
    if options.json:
        print(json.dumps(_plain(match, goals), indent=1))
    else:
        print(table(match, goals, _how(options)))
    return 0 if all(goal.reached for goal in goals) else 1


async def _matched(options: argparse.Namespace, scratch: Path) -> "Match | None":
    """None where there is nothing to measure."""
    # Only now, since --help is answered before anything is installed.
    from ops.benchmarks.films import clips, loop, match, ours
    from processors.sandbox.probe import probe

    source, codec, threads = options.folder, Codec(options.codec), options.threads
    if source is None:
        source = scratch / "clips"
        source.mkdir()
        rate = ours.workflow(source, codec, threads, options.at_once).target.bit_rate(match.LINES)
        for name in clips.made(source, options.seconds, SIZE, loop.encoding(codec, threads, rate)):
            command.say(f"made {name}")
    files = match.videos(source)
    if not files:
        return None
    protection = await probe()
    terms = match.Terms(files, codec, threads, options.at_once, options.rounds, scratch, protection, command.say)
    made = await match.match(terms)
    command.say(f"finding {options.tree:,} files")
    match.found(scratch / "tree", options.tree, made.steps)
    return made


def judge(match: "Match") -> "list[Goal]":
    """What it has to reach."""
    from ops.benchmarks.goals import Goal  # only now: see above

    ours, theirs = match.saved("library"), match.saved("loop")
    harmed = len(match.sides["library"].harmed)
    return [
        Goal(f"at most {MOST_WALL:g} times the loop's time", match.ratio, MOST_WALL, match.ratio <= MOST_WALL),
        Goal("more MB saved than by the loop", ours / 1e6, theirs / 1e6, ours > theirs),
        Goal("no file harmed", harmed, 0, not harmed),
    ]


def table(match: "Match", goals: "list[Goal]", how: str) -> str:
    """For people."""
    lines = [f"{match.files} files, {match.video:.0f} s of video, {match.before / 1e6:.1f} MB, to {how}", ""]
    lines.append(f"{'':<12}{'files/s':>12}{'x realtime':>12}{'seconds':>10}")
    for name in STEPS:
        if (step := match.steps.all.get(name)) is not None:
            speed = f"{step.speed:>12.2f}" if step.video else f"{'':>12}"
            lines.append(f"{name:<12}{step.rate:>12,.2f}{speed}{step.seconds:>10.1f}")
    lines += ["", f"{'':<12}{'seconds':>20}{'CPU':>8}{'MB after':>12}{'saved':>10}{'harmed':>8}"]
    for name, side in match.sides.items():
        walls = ", ".join(f"{wall:.1f}" for wall in side.walls)
        saved = f"{100 * match.saved(name) / match.before:.1f} %"
        cpu, after = statistics.mean(side.cpu), side.after / 1e6
        lines.append(f"{name:<12}{walls:>20}{cpu:>8.1f}{after:>12.1f}{saved:>10}{len(side.harmed):>8}")
    for name, side in match.sides.items():
        lines += [f"  harmed by the {name}: {file}: {'; '.join(what)}" for file, what in side.harmed.items()]
    lines += [f"  {file}: {what}" for file, what in sorted(match.sides["library"].outcomes.items())]
    lines.append(f"CPU seconds: {match.cpu_ratio:.2f} times those of the loop")
    lines += [f"{'reached' if goal.reached else 'MISSED ':<8} {goal.measured:>7.2f}  {goal.words}" for goal in goals]
    return "\n".join(lines)


def _how(options: argparse.Namespace) -> str:
    return f"{options.codec}, {options.threads} threads, {options.at_once} at once, {options.rounds} rounds"


def _plain(match: "Match", goals: "list[Goal]") -> dict[str, Any]:
    return {
        "files": match.files,
        "before": match.before,
        "video": match.video,
        "ratio": match.ratio,
        "cpu_ratio": match.cpu_ratio,
        "steps": {name: asdict(step) | {"rate": step.rate} for name, step in match.steps.all.items()},
        "sides": {name: asdict(side) | {"saved": match.saved(name)} for name, side in match.sides.items()},
        "goals": [asdict(goal) for goal in goals],
    }


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench library", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="videos, which stay as they are")
    parser.add_argument("--codec", choices=[codec.value for codec in Codec], default="av1", help="default: av1")
    parser.add_argument("--rounds", type=command.positive, default=2, metavar="N", help="of both (default 2)")
    parser.add_argument("--seconds", type=command.positive, default=10, metavar="S", help="of each clip (default 10)")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument(
        "--threads", type=command.positive, default=cores, metavar="N", help="default: as many as cores"
    )
    words = "files under way in the library, as its setting backfill_at_once says (default 2)"
    parser.add_argument("--at-once", type=command.positive, default=2, metavar="N", help=words)
    parser.add_argument("--tree", type=command.positive, default=100_000, metavar="N", help="files to find")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; no appliance is needed here
    return parser.parse_args(argv)
