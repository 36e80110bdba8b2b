"""Darkroom's own transform: `sandbox`, as a worker runs it, or `inside` this process to tell the sandbox's cost."""

import asyncio
import sys
import time

from ops.benchmarks.peers.contest import Versions, compete, peak_of
from processors.image import develop
from processors.sandbox.sandbox import Sandbox


def inside() -> None:
    compete(lambda data: [(version.name, version.data) for version in develop(data).versions])


def sandboxed() -> None:
    """CPU counts this process and the child; the peak is the child's, which does the work."""
    with asyncio.Runner() as runner:
        sandbox = Sandbox(max_files=1_000_000)
        # Not by the runner itself, which gives each task to a signal's handler: that spells out the photo.
        run = runner.get_loop().run_until_complete
        run(sandbox.start())
        pid = sandbox.pid
        if pid is None:
            raise SystemExit("the sandbox did not start")

        def work(data: bytes) -> Versions:
            return [(version.name, version.data) for version in run(sandbox.develop(data)).versions]

        compete(work, lambda: time.process_time() + cpu_seconds(pid), lambda: peak_of(pid))
        run(sandbox.close())


def cpu_seconds(pid: int) -> float:
    """CPU seconds of another process, by its CPU clock (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


if __name__ == "__main__":
    {"sandbox": sandboxed, "inside": inside}[sys.argv.pop(1)]()
