"""`./ops/bench ingest DIR`: photos through the whole appliance, as a client sends them.

Starts an appliance of its own, on this machine and in a new folder, and sends it the JPEG files of DIR in turn: link,
form over the edge, notification, versions, event over the websocket. The load generator runs on the same cores. Before
each run free memory is filled with cached pages, as on any server that has run for some hours (not with --new-memory).
The codec's own limit (decode once, encode four times, by libjpeg-turbo) is measured on the same files before and after,
on all cores at once, as they are in the run, and on one alone. What the kernel's own threads spend on memory and disks
is told beside it, where this machine lets them be seen.
Exit code: 0 when every goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ops.benchmarks import command

if TYPE_CHECKING:
    from ops.benchmarks.whole import Figures

MOST_RATIO, LEAST_RATE, MOST_IDLE = 2.5, 10.0, 0.3
DAY = 86_400


def main(argv: list[str]) -> int:
    options = _parse(argv)
    # Only now, since --help is answered before anything is installed.
    from ops.benchmarks import appliance, whole

    files = command.photos(options.folder)
    if not files:
        print(f"no JPEG files in {options.folder}", file=sys.stderr)
        return 2
    try:
        with appliance.running() as one:
            figures = [whole.run(one, files, options, number, command.say) for number in range(options.runs)]
    except appliance.NotStarted as error:
        print(error, file=sys.stderr)
        return 2
    middle = sorted(figures, key=lambda figure: figure.rate)[len(figures) // 2]
    print(json.dumps([asdict(f) for f in figures], indent=1) if options.json else _table(figures, middle))
    return 0 if all(reached for _, reached in _goals(figures)) else 1


def _goals(figures: "list[Figures]") -> list[tuple[str, bool]]:
    rate = statistics.median(f.rate for f in figures)
    ratio = statistics.median(f.ratio for f in figures)
    alone = statistics.median(f.ratio_alone for f in figures)
    idle = statistics.median(f.idle_p50 for f in figures)
    failed = sum(f.failed for f in figures)
    return [
        (
            f"at least {LEAST_RATE:g} photos/s: {rate:.2f} (median of {len(figures)}), {rate * DAY:,.0f} a day",
            rate >= LEAST_RATE,
        ),
        (
            f"at most {MOST_RATIO:g} x the codec limit's CPU, all parts: {ratio:.2f} ({alone:.2f} x one core's alone)",
            ratio <= MOST_RATIO,
        ),
        (f"under {1000 * MOST_IDLE:.0f} ms from last byte to done, idle: {1000 * idle:.0f} ms", idle < MOST_IDLE),
        (f"no photo failed: {failed}", failed == 0),
    ]


def _table(figures: "list[Figures]", middle: "Figures") -> str:
    lines = [f"{'run':>3} {'photos/s':>9} {'CPU-s/photo':>12} {'x limit':>8} {'p50':>7} {'p95':>7} {'idle p50':>9}"]
    for number, f in enumerate(figures, 1):
        latency = f"{f.p50:>6.2f}s {f.p95:>6.2f}s {1000 * f.idle_p50:>6.0f} ms"
        lines.append(f"{number:>3} {f.rate:>9.2f} {f.total:>12.3f} {f.ratio:>8.2f} {latency}")
    lines += ["", f"CPU seconds a photo in the median run; the codec's limit is {middle.limit:.3f}"]
    lines.append(f"(on one core, the others idle, it is {middle.alone:.3f})")
    for name, seconds in sorted(middle.cpu.items(), key=lambda item: -item[1]):
        lines.append(f"  {name:12} {seconds:.4f}  {100 * seconds / middle.total:4.0f} %")
    both = (middle.total + middle.kernel) / middle.limit
    lines.append(f"The kernel's own threads, for all of this machine: {middle.kernel:.4f}; with them {both:.2f} x")
    lines += ["", *(f"{'reached' if reached else 'MISSED '}  {words}" for words, reached in _goals(figures))]
    return "\n".join(lines)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of JPEG photos")
    parser.add_argument(
        "--count", type=command.positive, default=200, metavar="N", help="photos in one run (default 200)"
    )
    parser.add_argument("--runs", type=command.positive, default=3, help="runs; the median counts (default 3)")
    parser.add_argument(
        "--at-once",
        type=command.positive,
        default=12,
        metavar="N",
        help="uploads under way at the same time (default 12)",
    )
    parser.add_argument("--new-memory", action="store_true", help="leave free memory as it is")
    parser.add_argument("--json", action="store_true", help="figures for a script")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; this one starts its own
    return parser.parse_args(argv)
