"""One run of photos through the whole appliance: what it took, and what the codec alone takes for the same files."""

import argparse
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from ops.benchmarks import appliance, load, memory
from ops.benchmarks.contestants import CHECKOUT, LIMIT, PEERS, TUNED, Contestant, Team

PROJECT = "bench"
REST_SECONDS = 5  # after the last photo, for what the appliance still tidies up


@dataclass(frozen=True)
class Figures:
    """One run. Rates in photos a second, CPU in seconds a photo, latencies in seconds from last byte to `done`."""

    rate: float
    cpu: dict[str, float]
    kernel: float
    """What the kernel's own threads spent on memory and disks, for whatever process of this machine: not in `cpu`."""
    limit: float
    """What the codec alone takes when it keeps all cores busy, as the run does."""
    alone: float
    """The same for one core, the others idle."""
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

    @property
    def ratio_alone(self) -> float:
        return self.total / self.alone


def run(
    one: appliance.Appliance, files: list[Path], options: argparse.Namespace, number: int, say: Callable[[str], None]
) -> Figures:
    """Run `number` (from 0) of an appliance with the JPEG `files`, as the command line `options` asks.

    `say` hears what is being done. Raises appliance.NotStarted.
    """
    url, token = one.url(), one.verb("token", "--project", PROJECT).strip()
    photos = [file.read_bytes() for file in files]
    say(f"run {number + 1} of {options.runs}: one photo at a time")
    idle = uvloop.run(load.run(url, PROJECT, token, photos, 2 * len(photos), 1))
    say(f"run {number + 1} of {options.runs}: the codec's limit, now and afterwards")
    limits = [_limit(files)]
    say(f"run {number + 1} of {options.runs}: filling free memory with cached pages")
    with contextlib.nullcontext() if options.new_memory else memory.settled(one.data):
        say(f"run {number + 1} of {options.runs}: {options.count} photos, {options.at_once} at once")
        before, kernel = appliance.cpu_seconds(one.parts()), memory.kernel()
        busy = uvloop.run(load.run(url, PROJECT, token, photos, options.count, options.at_once))
        after, written = appliance.cpu_seconds(one.parts()), memory.spent(kernel, memory.kernel())
    time.sleep(REST_SECONDS)
    limits.append(_limit(files))
    cpu = {name: (after[name] - before.get(name, 0.0)) / options.count for name in after}
    cpu |= {"generator": busy.own_cpu / options.count}
    return Figures(
        rate=options.count / busy.seconds,
        cpu=cpu,
        kernel=written / options.count,
        limit=statistics.mean(limit for limit, _ in limits),
        alone=statistics.mean(alone for _, alone in limits),
        p50=_quantile(busy.latencies, 0.5),
        p95=_quantile(busy.latencies, 0.95),
        idle_p50=_quantile(idle.latencies, 0.5),
        failed=busy.failed + idle.failed,
    )


def _limit(files: list[Path]) -> tuple[float, float]:
    """CPU seconds a photo that decoding and encoding alone take, on all cores at once and on one: medians of three."""
    paths = {"PYTHONPATH": f"{CHECKOUT}:{PEERS}"}
    entry = Contestant(LIMIT, [sys.executable, str(PEERS / "limit.py")], paths | TUNED)
    team = Team(entry, [file.resolve() for file in files], len(os.sched_getaffinity(0)))
    try:
        team.together()
        together = [spent.cpu / spent.photos for _ in range(3) for spent in team.together()]
        alone = [spent.cpu / spent.photos for spent in (team.round() for _ in range(3))]
    finally:
        team.end()
    return statistics.median(together), statistics.median(alone)


def _quantile(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))]
