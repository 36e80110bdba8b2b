"""An appliance of the benchmark's own, started by `ops/up` in a folder that goes with it; and what its parts cost."""

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

OPS = Path(__file__).resolve().parents[1]
START_SECONDS = 600


class NotStarted(Exception):
    """The appliance did not come up."""


@contextlib.contextmanager
def running() -> Iterator[Path]:
    """The data folder of an appliance that runs for the time of the block, on a free port. Raises NotStarted."""
    data = Path(tempfile.mkdtemp(prefix="darkroom-bench-"))
    data.chmod(0o755)
    folder = str(data / "data")
    try:
        _verb("up", "--detach", "--port", str(_free_port()), "--data", folder)
        yield Path(folder)
    finally:
        subprocess.run([str(OPS / "down"), "--data", folder], capture_output=True, timeout=120)
        shutil.rmtree(data, ignore_errors=True)


def parts(data: Path) -> dict[str, int]:
    """The process of each running part."""
    report = json.loads(_verb("status", "--json", "--data", str(data)))
    return {part["name"]: part["pid"] for part in report["parts"] if part["pid"]}


def cpu_seconds(processes: dict[str, int]) -> dict[str, float]:
    """CPU seconds so far of each part, user and system, with all its children, also those that ended. The decoding
    children of the workers are counted apart, as `sandbox`, and the workers as one.
    """
    spent: dict[str, float] = {}
    for name, pid in processes.items():
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            child = "processors.sandbox" in " ".join(process.cmdline())
            label = "sandbox" if child else "workers" if name.startswith("worker") else name
            spent[label] = spent.get(label, 0.0) + sum(process.cpu_times()[:4])
    return spent


def _verb(verb: str, *arguments: str) -> str:
    done = subprocess.run([str(OPS / verb), *arguments], capture_output=True, text=True, timeout=START_SECONDS)
    if done.returncode:
        raise NotStarted(f"./ops/{verb} said: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
