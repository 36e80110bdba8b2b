"""The harm: one part is killed each half minute, and how long it takes until all is well again."""

import asyncio
import contextlib
import math
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil

from ops.folder import DataFolder

EVERY_SECONDS = 30.0
PATIENCE = 120.0
DECODER = "decoder"
WORKED_SECONDS = 0.05


@dataclass
class Kill:
    """What was killed when (time.monotonic()), and until when all was well again; None: not within two minutes."""

    part: str
    at: float = 0.0
    well: float | None = None
    pid: int | None = None
    worker: str = ""
    """Whose decoder it was."""
    spent: dict[int, float] = field(default_factory=dict)
    """The CPU seconds of each process below that worker, then."""


class Harm:
    """Kills parts of the appliance in `data`; `kills` is what it did."""

    def __init__(self, data: Path, url: str, seed: int, say: Callable[[str], None]) -> None:
        self.kills: list[Kill] = []
        self._folder, self._url, self._say = DataFolder(data), url, say
        self._chance = random.Random(seed)

    def parts(self) -> dict[str, dict[str, Any]]:
        """The running parts as the supervisor has them."""
        return {part["name"]: part for part in self._folder.read("state.json").get("parts", ()) if not part["once"]}

    async def run(self, seconds: float) -> None:
        """One kill in each half minute of the time, but for the last, in which the load goes on after it.

        Where healing takes longer than that, the next one follows it at once.
        """
        began = time.monotonic()
        for number in range(1, math.ceil(seconds / EVERY_SECONDS)):
            due = began + EVERY_SECONDS * (number - self._chance.uniform(0, 0.5))
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            name = self._chance.choice([*sorted(self.parts()), DECODER])
            while (kill := self._strike(name)) is None:
                if time.monotonic() > began + seconds:
                    return
                await asyncio.sleep(0.2)
            kill.well = await self._healed(kill)
            took = "not well again" if kill.well is None else f"all well after {kill.well - kill.at:.1f} s"
            self._say(f"killed {kill.part}: {took}")

    def _strike(self, name: str) -> Kill | None:
        """Kills the part or a decoder; None while there is no process of it."""
        parts = self.parts()
        kill = self._of_decoder(parts) if name == DECODER else Kill(name, pid=parts[name]["pid"])
        if kill is None or kill.pid is None:
            return None
        try:
            os.kill(kill.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has just ended
            return None
        kill.at = time.monotonic()
        self.kills.append(kill)
        return kill

    def _of_decoder(self, parts: dict[str, dict[str, Any]]) -> Kill | None:
        """Of one of the workers the process that decodes: it has used more of the CPU than any that stands by."""
        workers = [name for name, part in sorted(parts.items()) if part["role"] == "worker"]
        worker = self._chance.choice(workers)
        spent = _below(parts[worker]["pid"])
        return Kill(DECODER, pid=max(spent, key=spent.__getitem__), worker=worker, spent=spent) if spent else None

    async def _healed(self, kill: Kill) -> float | None:
        """When the supervisor calls every part well, in its new process, the API calls itself ready, and in the place
        of a decoder another one works.
        """
        await asyncio.sleep(0.5)  # for the supervisor to notice
        while time.monotonic() - kill.at < PATIENCE:
            parts = self.parts()
            well = all(part["state"] == "running" and not part["health"] for part in parts.values())
            changed = kill.pid not in [part["pid"] for part in parts.values()] and _replaced(kill, parts)
            if well and changed and await asyncio.to_thread(self._ready):
                return time.monotonic()
            await asyncio.sleep(0.2)
        return None

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False


def _replaced(kill: Kill, parts: dict[str, dict[str, Any]]) -> bool:
    """Whether another decoder has been started since, or one that stood by has worked; of other parts always so."""
    if not kill.worker:
        return True
    now = _below(parts[kill.worker]["pid"])
    return any(cpu > kill.spent.get(pid, -1.0) + WORKED_SECONDS for pid, cpu in now.items() if pid != kill.pid)


def _below(pid: int | None) -> dict[int, float]:
    """The CPU seconds of every process below this one; none if it has ended."""
    spent = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True) if pid else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                spent[process.pid] = sum(process.cpu_times()[:2])
    return spent
