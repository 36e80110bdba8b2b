"""The harm: one part is killed each half minute, and how long it takes until all is well again."""

import asyncio
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ops.folder import DataFolder

EVERY_SECONDS = 30.0
PATIENCE = 120.0
DECODER = "decoder"


@dataclass
class Kill:
    """What was killed when (time.monotonic()), and until when all was well again; None: not within two minutes."""

    part: str
    at: float
    well: float | None = None
    pid: int | None = None


class Harm:
    """Kills parts of the appliance in `data`; `kills` is what it did."""

    def __init__(self, data: Path, url: str, seed: int, say: Callable[[str], None]) -> None:
        self.kills: list[Kill] = []
        self._folder, self._url, self._say = DataFolder(data), url, say
        self._chance = random.Random(seed)

    def parts(self) -> dict[str, dict[str, Any]]:
        """The running parts as the supervisor has them."""
        return {part["name"]: part for part in self._folder.read("state.json").get("parts", ()) if not part["once"]}

    async def run(self, until: float) -> None:
        """A kill each half minute, the last early enough for the load to go on after it."""
        while time.monotonic() + EVERY_SECONDS < until:
            await asyncio.sleep(EVERY_SECONDS * self._chance.uniform(0.8, 1.0))
            kill = self._strike()
            kill.well = await self._healed(kill)
            took = "not well again" if kill.well is None else f"all well after {kill.well - kill.at:.1f} s"
            self._say(f"killed {kill.part}: {took}")

    def _strike(self) -> Kill:
        parts = self.parts()
        name = self._chance.choice([*sorted(parts), DECODER])
        pid = self._decoder(parts) if name == DECODER else parts[name]["pid"]
        kill = Kill(name, time.monotonic(), pid=pid)
        self.kills.append(kill)
        if pid:
            os.kill(pid, signal.SIGKILL)
        return kill

    def _decoder(self, parts: dict[str, dict[str, Any]]) -> int | None:
        workers = [part["pid"] for name, part in sorted(parts.items()) if part["role"] == "worker" and part["pid"]]
        if not workers:
            return None
        children = psutil.Process(self._chance.choice(workers)).children(recursive=True)
        return children[-1].pid if children else None

    async def _healed(self, kill: Kill) -> float | None:
        """When the supervisor calls every part well, in its new process, and the API calls itself ready."""
        await asyncio.sleep(0.5)  # for the supervisor to notice
        while time.monotonic() - kill.at < PATIENCE:
            parts = self.parts().values()
            well = all(part["state"] == "running" and not part["health"] for part in parts)
            if well and kill.pid not in [part["pid"] for part in parts] and await asyncio.to_thread(self._ready):
                return time.monotonic()
            await asyncio.sleep(0.2)
        return None

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
