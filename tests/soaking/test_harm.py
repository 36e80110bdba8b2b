"""The harm of a soak, on small real processes: what counts as a kill, and when all is well again."""

import asyncio
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ops.soaking.harm import DECODER, Harm, Kill

pytestmark = pytest.mark.pure

DECODES = "for _ in range(10_000_000): pass"
CHILD = f"""
import signal, time
def work(*given):
    {DECODES}
signal.signal(signal.SIGUSR1, work)
print(flush=True)
while True: time.sleep(60)
"""
WORKER = f"""
import subprocess, sys
for line in sys.stdin:
    child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE)
    child.stdout.readline()
    print(child.pid, flush=True)
"""


class Ready(http.server.BaseHTTPRequestHandler):
    """An API that calls itself ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *given: object) -> None:
        """Nothing is told."""


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def worker() -> Iterator["subprocess.Popen[str]"]:
    """It starts a decoder for each line that it reads, and tells its process id; one works when it gets SIGUSR1."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as made:
        yield made
        for process in psutil.Process(made.pid).children():
            process.kill()
        made.kill()


def decoder(worker: "subprocess.Popen[str]") -> int:
    assert worker.stdin is not None
    assert worker.stdout is not None
    print(file=worker.stdin, flush=True)
    return int(worker.stdout.readline())


def harm(data: Path, url: str, pid: int | None) -> Harm:
    part = {"name": "worker-1", "role": "worker", "pid": pid, "once": False, "state": "running", "health": ""}
    (data / "state.json").write_text(json.dumps({"parts": [part]}))
    return Harm(data, url, 1, lambda line: None)


async def test_a_decoder_is_well_again_once_another_one_is_there(tmp_path, url, worker) -> None:
    made = harm(tmp_path, url, worker.pid)
    first = decoder(worker)
    kill = made._strike(DECODER)
    assert kill is not None
    assert kill.pid == first
    healing = asyncio.create_task(made._healed(kill))
    await asyncio.sleep(1)
    assert not healing.done(), "its worker is well all the time, but decodes nothing"
    await asyncio.to_thread(decoder, worker)
    assert await asyncio.wait_for(healing, 10) is not None


async def test_of_two_decoders_the_one_that_works_is_killed_and_the_other_has_to_work(tmp_path, url, worker) -> None:
    made = harm(tmp_path, url, worker.pid)
    spare, busy = decoder(worker), decoder(worker)
    os.kill(busy, signal.SIGUSR1)
    limit = time.monotonic() + 10
    while sum(psutil.Process(busy).cpu_times()[:2]) < sum(psutil.Process(spare).cpu_times()[:2]) + 0.05:
        assert time.monotonic() < limit
        await asyncio.sleep(0.02)
    kill = made._strike(DECODER)
    assert kill is not None
    assert kill.pid == busy
    healing = asyncio.create_task(made._healed(kill))
    await asyncio.sleep(1)
    assert not healing.done()
    os.kill(spare, signal.SIGUSR1)
    assert await asyncio.wait_for(healing, 10) is not None


@pytest.mark.parametrize("name", ["worker-1", DECODER])
def test_what_has_no_process_was_not_killed(tmp_path, url, name: str) -> None:
    made = harm(tmp_path, url, None)
    assert made._strike(name) is None
    assert made.kills == []


@pytest.mark.parametrize("name", ["worker-1", DECODER])
def test_what_has_just_ended_was_not_killed(tmp_path, url, name: str) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    made = harm(tmp_path, url, ended.pid)
    assert made._strike(name) is None
    assert made.kills == []


async def test_there_is_a_kill_in_each_half_minute(tmp_path, url, monkeypatch) -> None:
    monkeypatch.setattr("ops.soaking.harm.EVERY_SECONDS", 0.2)
    made = harm(tmp_path, url, os.getpid())

    def strike(name: str) -> Kill:
        made.kills.append(Kill(name))
        return made.kills[-1]

    async def healed(kill: Kill) -> float:
        await asyncio.sleep(0.05)
        return 1.0

    monkeypatch.setattr(made, "_strike", strike)
    monkeypatch.setattr(made, "_healed", healed)
    await made.run(2.0)
    assert len(made.kills) == 9
