"""How well untrusted bytes are kept apart: told by the workers, shown by `status`, and what a worker does about it."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops import sandboxes
from tests.stack import CHECKOUT, Stack

RESTRICTED = [sys.executable, "-P", "-m", "tests.processors.restricted"]


def environment(stack: Stack) -> dict[str, str]:
    """That of a worker of the appliance, for one more."""
    pid = stack.parts()["worker-images-1"]["pid"]
    pairs = Path(f"/proc/{pid}/environ").read_text().rstrip("\0").split("\0")
    return {**dict(pair.split("=", 1) for pair in pairs), "PYTHONPATH": str(CHECKOUT)}


def one_more(stack: Stack, number: int) -> list[str]:
    worker = ["-m", "appliance.worker", "--data", str(stack.data), "--lane", "images", "--number", str(number)]
    return [*RESTRICTED, sys.executable, "-P", *worker]


def test_status_tells_what_the_workers_have(stack: Stack) -> None:
    sandbox = stack.status()["sandbox"]
    assert sandbox["strong"]
    assert "filter" in sandbox["layers"]
    assert {"landlock", "bubblewrap", "unshare"} & set(sandbox["layers"])
    assert "sandbox: strong (" in stack.verb("status").stdout


@pytest.mark.pure
def test_a_strong_one_that_stays_root_is_shown_so() -> None:
    told = {"strong": True, "layers": ["filter", "landlock"], "missing": {"own uid": "it stays root"}}
    assert sandboxes.told(told, colour=False).endswith("but without a uid of its own: it stays root")
    assert sandboxes.told({**told, "missing": {}}, colour=False) == "sandbox: strong (filter, landlock)"


def test_a_worker_behind_the_filter_alone_decodes_nothing(stack: Stack) -> None:
    done = subprocess.run(one_more(stack, 8), env=environment(stack), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "decodes nothing" in done.stdout + done.stderr
    assert "DARKROOM_SANDBOX=weak" in done.stdout + done.stderr


def test_told_that_weak_will_do_it_works_and_says_so(stack: Stack) -> None:
    settings = environment(stack) | {"DARKROOM_SANDBOX": "weak"}
    worker = subprocess.Popen(
        one_more(stack, 9), env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        limit, told = time.monotonic() + 30, None
        while told is None and time.monotonic() < limit:
            time.sleep(0.2)
            told = asyncio.run(sandboxes.state(settings["DARKROOM_VALKEY_URL"], ["worker-images-1", "worker-images-9"]))
            if told and told["strong"]:
                told = None
        assert told
        assert set(told["layers"]) <= {"filter", "cgroup"}
        assert sandboxes.told(told, colour=True).startswith(sandboxes.RED + "sandbox: WEAK")
    finally:
        worker.terminate()
        worker.wait(20)
