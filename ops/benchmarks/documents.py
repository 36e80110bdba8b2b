"""`./ops/bench documents [DIR]`: of each document of DIR a PDF, pictures of its first page, rows and text.

Without DIR documents are made. Of each PDF its own turn is measured as well: four pictures of the first page, and all
text. Medians of the rounds; CPU seconds are those of all processes. Exit code: 0, or 2 when it could not run.
"""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ops.benchmarks import command, papers

if TYPE_CHECKING:
    from processors.results import Developed
    from processors.sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Cost:
    """Of one document: its bytes, the pages of its PDF, and seconds by the clock and of the processor."""

    name: str
    size: int
    pages: int
    seconds: float
    cpu: float


def main(argv: list[str]) -> int:
    options = _parse(argv)
    # Only now, since --help is answered before anything is installed.
    from processors.office import libreoffice

    if why := libreoffice.missing():
        print(why, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as scratch:
        given = sorted(options.folder.iterdir()) if options.folder else papers.make(Path(scratch))
        files = {path.name: path.read_bytes() for path in given if path.is_file()}
        costs = asyncio.run(_measured(files, options.rounds))
    print(json.dumps([asdict(cost) for cost in costs], indent=2) if options.json else _table(costs))
    return 0


async def _measured(files: dict[str, bytes], rounds: int) -> list[Cost]:
    from processors.office.develop import develop
    from processors.processor import Processor
    from processors.results import PDF
    from processors.sandbox.layers import ALL, Layer
    from processors.sandbox.probe import probe
    from processors.sandbox.sandbox import Sandbox

    costs = []
    # Bubblewrap does not pass on what its processes have used.
    async with Sandbox(protection=await probe(ALL - {Layer.BUBBLEWRAP})) as sandbox:
        for name, data in files.items():
            made, cost = await _cost(name, data, partial(develop, data, sandbox, name), sandbox, rounds)
            costs.append(cost)
            for pdf in (version.data for version in made.versions if version.name == PDF):
                read = partial(sandbox.develop, pdf, 60.0, processor=Processor.PDF)
                costs.append((await _cost("  its PDF", pdf, read, sandbox, rounds))[1])
    return costs


async def _cost(
    name: str, data: bytes, work: Callable[[], Awaitable["Developed"]], sandbox: "Sandbox", rounds: int
) -> tuple["Developed", Cost]:
    """What came out, and the medians after a first time that does not count."""
    made, seconds, cpu = await work(), [], []
    for number in range(rounds):
        command.say(f"{name.strip()}: round {number + 1} of {rounds}")
        began, used = time.perf_counter(), _used(sandbox)
        await work()
        seconds.append(time.perf_counter() - began)
        cpu.append(_used(sandbox) - used)
    command.say("")
    cost = Cost(name, len(data), made.source.pages or 0, statistics.median(seconds), statistics.median(cpu))
    return made, cost


def _used(sandbox: "Sandbox") -> float:
    """CPU seconds so far of this process, of those that have ended, and of the sandbox' child, which goes on."""
    import psutil

    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    assert sandbox.pid
    return sum(one.ru_utime + one.ru_stime for one in both) + sum(psutil.Process(sandbox.pid).cpu_times()[:2])


def _table(costs: list[Cost]) -> str:
    lines = [f"{'':<24}{'bytes':>12}{'pages':>7}{'seconds':>9}{'CPU-s':>8}"]
    lines += [f"{cost.name:<24}{cost.size:>12,}{cost.pages:>7,}{cost.seconds:>9.2f}{cost.cpu:>8.2f}" for cost in costs]
    return "\n".join(lines)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./ops/bench documents", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="a folder of documents (default: made)")
    parser.add_argument("--rounds", type=command.positive, default=5, help="of every document (default 5)")
    parser.add_argument("--json", action="store_true", help="figures for a script")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; no appliance is needed here
    return parser.parse_args(argv)
