"""The parts of a running appliance as its supervisor records them, and what can be done to them."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import psutil

from tests.daemons.process import freeze
from tests.stack import Stack

WORKERS = ("worker-images-1", "worker-images-2")


def recorded(stack: Stack) -> dict[str, dict[str, Any]]:
    """What the supervisor wrote last of each part. Reading a file costs nothing, so moments can be chosen exactly."""
    return {part["name"]: part for part in json.loads((stack.data / "state.json").read_text())["parts"]}


def pid(stack: Stack, part: str) -> int:
    """The process of a part, waited for while it is down."""
    limit = time.monotonic() + 60
    while not (found := recorded(stack)[part]["pid"]):
        assert time.monotonic() < limit, f"{part} does not come back"
        time.sleep(0.05)
    return int(found)


def kill(stack: Stack, part: str, number: signal.Signals = signal.SIGKILL) -> int:
    """Sends a signal to the process of a part that is alive; its process id."""
    while True:
        found = pid(stack, part)
        with suppress(ProcessLookupError):
            os.kill(found, number)
            return found
        time.sleep(0.05)  # it died a moment ago, and the supervisor has yet to write it down


def well(stack: Stack) -> bool:
    """Whether all parts run and every one that a request needs answers."""
    if any(part["state"] not in ("running", "finished") or part["health"] for part in recorded(stack).values()):
        return False
    with suppress(httpx.HTTPError):
        return httpx.get(f"{stack.url}/readyz", timeout=5).status_code == 200
    return False


def wait_well(stack: Stack, seconds: float = 90) -> None:
    limit = time.monotonic() + seconds
    while not well(stack):
        assert time.monotonic() < limit, recorded(stack)
        time.sleep(0.1)


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """Processes that hang while the block runs."""
    for one in pids:
        freeze(one)
    try:
        yield
    finally:
        for one in pids:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


@contextmanager
def kept_down(stack: Stack, part: str, number: signal.Signals = signal.SIGKILL) -> Iterator[None]:
    """A part is ended and not started again while the block runs: the supervisor hangs as long."""
    with frozen(supervisor(stack)):
        process = psutil.Process(pid(stack, part))
        process.send_signal(number)
        _gone(process)
        yield


def supervisor(stack: Stack) -> int:
    return int(json.loads((stack.data / "state.json").read_text())["pid"])


def _gone(process: psutil.Process) -> None:
    """Waits for the end of a process whose parent hangs, and so does not take note of it."""
    limit = time.monotonic() + 30
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < limit, f"{process} does not end"
            time.sleep(0.02)
