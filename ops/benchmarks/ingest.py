"""`./ops/bench ingest DIR`: photos through the whole appliance, as a client sends them.

Starts an appliance of its own, on this machine and in a new folder, and sends it the JPEG files of DIR in turn: link,
form over the edge, notification, versions, event over the websocket. The load generator runs on the same cores. Before
each run the codec's own limit (decode once, encode four times, by libjpeg-turbo) is measured on the same files.
Exit code: 0 when every goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

from ops.benchmarks import appliance, load
from ops.benchmarks.contestants import CHECKOUT, LIMIT, PEERS, TUNED, Contestant, Team

PROJECT = "bench"
MOST_RATIO, LEAST_RATE, MOST_IDLE = 2.5, 10.0, 0.3
DAY = 86_400


@dataclass(frozen=True)
class Figures:
    """One run. Rates in photos a second, CPU in seconds a photo, latencies in seconds from last byte to `done`."""

    rate: float
    cpu: dict[str, float]
    limit: float
    p50: float
    p95: float
    idle_p50: float
    failed: int

    @property
    def total(self) -> float:
        return sum(self.cpu.values())

    @property
    def ratio(self) -> float:
        return self.total / self.limit


def main(argv: list[str]) -> int:
    options = _parse(argv)
    files = sorted(path for path in options.folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        print(f"no JPEG files in {options.folder}", file=sys.stderr)
        return 2
    try:
        with appliance.running() as data:
            figures = [_run(data, files, options, number) for number in range(options.runs)]
    except appliance.NotStarted as error:
        print(error, file=sys.stderr)
        return 2
    middle = sorted(figures, key=lambda figure: figure.rate)[len(figures) // 2]
    print(json.dumps([asdict(f) for f in figures], indent=1) if options.json else _table(figures, middle))
    return 0 if all(reached for _, reached in _goals(figures)) else 1


def _run(data: Path, files: list[Path], options: argparse.Namespace, number: int) -> Figures:
    _say(f"run {number + 1} of {options.runs}: the codec's limit")
    limit = _limit(files)
    url, token = _open(data)
    photos = [file.read_bytes() for file in files]
    _say(f"run {number + 1} of {options.runs}: one photo at a time")
    idle = uvloop.run(load.run(url, PROJECT, token, photos, 2 * len(photos), 1))
    _say(f"run {number + 1} of {options.runs}: {options.count} photos, {options.at_once} at once")
    parts = appliance.parts(data)
    before = appliance.cpu_seconds(parts)
    busy = uvloop.run(load.run(url, PROJECT, token, photos, options.count, options.at_once))
    after = appliance.cpu_seconds(parts)
    cpu = {name: (after[name] - before.get(name, 0.0)) / options.count for name in after}
    cpu["generator"] = busy.own_cpu / options.count
    return Figures(
        rate=options.count / busy.seconds,
        cpu=cpu,
        limit=limit,
        p50=_quantile(busy.latencies, 0.5),
        p95=_quantile(busy.latencies, 0.95),
        idle_p50=_quantile(idle.latencies, 0.5),
        failed=busy.failed + idle.failed,
    )


def _limit(files: list[Path]) -> float:
    """CPU seconds a photo that decoding and encoding alone take: the median of three rounds after a warm-up."""
    paths = {"PYTHONPATH": f"{CHECKOUT}:{PEERS}"}
    entry = Contestant(LIMIT, [sys.executable, str(PEERS / "limit.py")], paths | TUNED)
    team = Team(entry, [file.resolve() for file in files], 1)
    try:
        team.round()
        rounds = [team.round() for _ in range(3)]
    finally:
        team.end()
    return statistics.median(spent.cpu / spent.photos for spent in rounds)


def _open(data: Path) -> tuple[str, str]:
    """The appliance's address, and a token of the benchmark's project."""
    status = subprocess.run(
        [str(appliance.OPS / "status"), "--json", "--data", str(data)], capture_output=True, text=True
    )
    token = subprocess.run(
        [str(appliance.OPS / "token"), "--project", PROJECT, "--data", str(data)], capture_output=True, text=True
    )
    if token.returncode:
        raise appliance.NotStarted(f"./ops/token said: {token.stderr.strip()}")
    return json.loads(status.stdout)["url"], token.stdout.strip()


def _quantile(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))]


def _goals(figures: list[Figures]) -> list[tuple[str, bool]]:
    rate = statistics.median(f.rate for f in figures)
    ratio = statistics.median(f.ratio for f in figures)
    idle = statistics.median(f.idle_p50 for f in figures)
    failed = sum(f.failed for f in figures)
    return [
        (
            f"at least {LEAST_RATE:g} photos/s: {rate:.2f} (median of {len(figures)}), {rate * DAY:,.0f} a day",
            rate >= LEAST_RATE,
        ),
        (f"at most {MOST_RATIO:g} x the codec limit's CPU, all parts: {ratio:.2f}", ratio <= MOST_RATIO),
        (f"under {1000 * MOST_IDLE:.0f} ms from last byte to done, idle: {1000 * idle:.0f} ms", idle < MOST_IDLE),
        (f"no photo failed: {failed}", failed == 0),
    ]


def _table(figures: list[Figures], middle: Figures) -> str:
    lines = [f"{'run':>3} {'photos/s':>9} {'CPU-s/photo':>12} {'x limit':>8} {'p50':>7} {'p95':>7} {'idle p50':>9}"]
    for number, f in enumerate(figures, 1):
        latency = f"{f.p50:>6.2f}s {f.p95:>6.2f}s {1000 * f.idle_p50:>6.0f} ms"
        lines.append(f"{number:>3} {f.rate:>9.2f} {f.total:>12.3f} {f.ratio:>8.2f} {latency}")
    lines += ["", f"CPU seconds a photo in the median run; the codec's limit is {middle.limit:.3f}"]
    for name, seconds in sorted(middle.cpu.items(), key=lambda item: -item[1]):
        lines.append(f"  {name:12} {seconds:.4f}  {100 * seconds / middle.total:4.0f} %")
    lines += ["", *(f"{'reached' if reached else 'MISSED '}  {words}" for words, reached in _goals(figures))]
    return "\n".join(lines)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench ingest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of JPEG photos")
    parser.add_argument("--count", type=int, default=200, metavar="N", help="photos in one run (default 200)")
    parser.add_argument("--runs", type=int, default=3, help="runs; the median counts (default 3)")
    parser.add_argument("--at-once", type=int, default=12, help="uploads under way at the same time (default 12)")
    parser.add_argument("--json", action="store_true", help="figures for a script")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; this one starts its own
    return parser.parse_args(argv)
