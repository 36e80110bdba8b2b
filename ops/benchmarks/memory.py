"""Memory as a server has it once it has run for some hours: what no process needs holds cached pages of files."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

KTHREADD = 2
WRITING = ("kswapd", "kcompactd", "kworker", "jbd2", "xfs")


@contextlib.contextmanager
def settled(folder: Path) -> Iterator[None]:
    """Fills free memory, for the time of the block, with cached pages of a file in `folder` that is one single hole.

    On a virtual machine a page of memory that was never touched, or that the hypervisor has taken back, costs some
    10 µs when it is first written: more than all else that writing a file takes. A server pays that once; a benchmark
    on a machine just started, or that has just deleted the files of its last run, pays it with each photo.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(psutil.virtual_memory().available)
        for _ in range(2):  # while the first pass lasts, some of it is given up again
            file.seek(0)
            while file.read(1 << 20):
                pass
        yield


def kernel() -> dict[int, float]:
    """CPU seconds so far of the kernel's threads that make room in memory and write files to disk, by their ids.

    They work for whatever runs on the machine; inside a container none of them is seen.
    """
    threads = (p for p in psutil.process_iter(["name", "ppid"]) if p.info["ppid"] == KTHREADD)
    found = {}
    for thread in threads:
        with contextlib.suppress(psutil.NoSuchProcess):
            if thread.info["name"].startswith(WRITING):
                found[thread.pid] = sum(thread.cpu_times()[:2])
    return found


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """CPU seconds between two answers of `kernel`; what a thread did that ended meanwhile is not known."""
    return sum(seconds - before.get(thread, 0.0) for thread, seconds in after.items())
