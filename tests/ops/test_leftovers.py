"""What a supervisor that was killed leaves behind: it has the time to end that it would have had, and no more."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from ops.running import end_leftovers
from tests.ops.processes import alive

pytestmark = pytest.mark.pure


@contextmanager
def left(script: str) -> Iterator[int]:
    """The process group of a shell that runs `script`, which has to say when it is ready."""
    with subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as process:
        try:
            process.stdout.readline()
            yield process.pid
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def state(pid: int, grace: float) -> dict:
    return {"parts": [{"name": "one", "pid": pid, "began": psutil.Process(pid).create_time(), "grace": grace}]}


def test_what_ends_in_its_time_is_not_killed():
    said: list[str] = []
    with left("echo; sleep 2; exit 0") as pid:
        assert end_leftovers(state(pid, 20), said.append)
        assert said == []
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_is_late_is_killed_after_its_own_time():
    said: list[str] = []
    with left("echo; sleep 60; exit 0") as pid:
        began = time.monotonic()
        assert end_leftovers(state(pid, 0.5), said.append)
        assert 0.5 <= time.monotonic() - began < 4
    assert len(said) == 1


def test_what_has_lost_its_first_process_is_killed_at_once():
    with left("sleep 60 & echo; wait") as pid:
        child = psutil.Process(pid).children()[0]
        known = state(pid, 30)
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        assert end_leftovers(known, lambda line: None)
        assert time.monotonic() - began < 10
        assert not alive(child)


def test_another_process_of_that_number_is_left_alone():
    with left("echo; sleep 60; exit 0") as pid:
        known = state(pid, 0)
        known["parts"][0]["began"] -= 3600
        assert not end_leftovers(known, lambda line: None)
        assert psutil.pid_exists(pid)
