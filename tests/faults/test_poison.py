"""A job that kills its worker each time ends as an error after its tries, and harms no other."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

import asyncpg
from PIL import Image

from tests.appliance.client import wait_for
from tests.appliance.pictures import encoded, pixels
from tests.faults.invariant import VERSIONS
from tests.faults.parts import recorded
from tests.faults.trial import Trial
from tests.stack import Stack

_CLAIMED = "SELECT attempt, worker FROM ledger.attempts WHERE asset = $1::uuid AND attempt > $2"


class Poison:
    """Kills the worker that has claimed this asset: as a file does that makes the machine kill its worker."""

    def __init__(self, stack: Stack, database_url: str, asset: str) -> None:
        self.kills = 0
        self._stack, self._url, self._asset = stack, database_url, asset
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()))
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(10)

    async def _watch(self) -> None:
        connection = await asyncpg.connect(self._url)
        seen = 0
        while not self._ended.is_set():
            row = await connection.fetchrow(_CLAIMED, self._asset, seen)
            if row:
                seen = row["attempt"]
                self.kills += 1
                self._kill(row["worker"])
            await asyncio.sleep(0.001)
        await connection.close()

    def _kill(self, worker: str) -> None:
        with suppress(ProcessLookupError, TypeError):
            os.kill(recorded(self._stack)[worker]["pid"], signal.SIGKILL)


def test_a_job_that_kills_its_worker(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "a job that kills its worker each time")
    link = trial.project.link()
    asset = link["image_id"]
    poison = Poison(mortal, trial.behind.database_url, asset)
    try:
        load = trial.uploads(30, 10)
        load.wait(5)
        # Large: whoever kills has to see the claim before the photo is done.
        large = Image.fromarray(pixels(700, 500)).resize((7000, 5000))
        assert trial.project.send(link, encoded(large, "JPEG")).status_code == 201
        ended = wait_for(lambda: (i := trial.project.image(asset))["state"] in ("done", "error") and i, 90)
    finally:
        poison.end()
    trial.over()
    done = f"its worker killed at each of its {poison.kills} claims: `{ended['error']['code']}`"
    trial.end(done, left_over=len(VERSIONS), errors={"processing_failed": 1})
    assert ended["error"]["code"] == "processing_failed"
    assert poison.kills == 3
