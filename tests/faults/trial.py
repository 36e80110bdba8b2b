"""One fault, begun in the middle of uploads: everything random in it comes from its seed, and the end is examined."""

import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx

from tests.appliance.client import Project
from tests.faults.behind import Behind, behind
from tests.faults.invariant import Examination, Verdict, told
from tests.faults.parts import wait_well, well
from tests.faults.uploads import Load
from tests.stack import Stack

ENDED = ("done", "error")
SETTLED = 30.0
"""Seconds within which what was stored twice is removed again: the slower of two notifications takes up to 3."""


@dataclass
class Row:
    """A row of the table in README.md. `heal`: seconds from the end of the fault until all was well again."""

    fault: str
    uploads: int
    done: str
    acknowledged: int
    lost: int
    stuck: int
    left_over: int
    heal: float
    seed: int


class Trial:
    """A project of its own on an appliance that is well, and what is done to that."""

    def __init__(
        self,
        stack: Stack,
        fault: str,
        seed: int,
        record: Callable[[Row], None],
        servers: Behind | None = None,
        url: str | None = None,
    ) -> None:
        """servers: where ledger, queue and storage are, if they are none of the appliance's own; url: where clients
        send their photos, if not straight to the edge.
        """
        wait_well(stack)
        self.stack = stack
        self.fault = fault
        self.seed = seed
        self.chance = random.Random(f"{seed} {fault}")
        self.project = Project(stack)
        self.heal = 0.0
        self.heal_within = 90.0
        self.settled_within = SETTLED
        self._record = record
        self._servers = servers
        self._url = url or stack.url
        self._load: Load | None = None
        self._uploads = 0

    @property
    def behind(self) -> Behind:
        return self._servers or behind(self.stack)

    def uploads(self, count: int, seconds: float = 0.0) -> Load:
        """Begins `count` uploads, at random moments of `seconds`. What was sent before counts as well."""
        self._uploads += count
        before, self._load = self._load, Load(self.project, self._url, count, seconds, self.chance)
        if before:
            before.join()
            self._load.acknowledged |= before.acknowledged
            self._load.attempts += before.attempts
        return self._load

    def over(self) -> None:
        """The fault is over: from now until all is well and what was acknowledged until now has ended."""
        assert self._load is not None
        began, waiting = time.monotonic(), set(self._load.acknowledged)
        while not (well(self.stack) and self._ended(waiting)):
            if time.monotonic() - began > self.heal_within:
                break  # the examination says what is not well
            time.sleep(0.1)
        self.heal = time.monotonic() - began

    def _ended(self, assets: set[str]) -> bool:
        with suppress(httpx.HTTPError):
            shown = told(self.project)
            return all(asset in shown and shown[asset]["state"] in ENDED for asset in assets)
        return False

    def end(self, done: str, left_over: int = 0, errors: dict[str, int] | None = None) -> Verdict:
        """Waits for the last upload, examines all, and records what `done` did. Fails unless the invariant holds.

        left_over: object versions at most that this fault may leave to be deleted by the daily job; only one that kills
        who writes to storage, or storage itself, in the middle of that. errors: how many uploads end as `error` by
        it, by code; none where nothing is said.
        """
        assert self._load is not None
        self._load.join()
        wait_well(self.stack)
        verdict = self._settled()
        self._record(self._row(done, self._load, verdict))
        assert verdict.holds, verdict
        self._verified(len(verdict.leftover))  # first, since it removes what the next test would find
        assert dict(verdict.errors) == (errors or {}), verdict
        assert len(verdict.leftover) <= left_over, verdict
        assert not self._load.given_up, "uploads were given up"
        assert self.heal <= self.heal_within, f"{self.fault} took {self.heal:.0f} s to heal"
        return verdict

    def _row(self, done: str, load: Load, verdict: Verdict) -> Row:
        found = (len(load.acknowledged), len(verdict.lost), len(verdict.stuck), len(verdict.leftover))
        return Row(self.fault, self._uploads, done, *found, self.heal, self.seed)

    def _settled(self) -> Verdict:
        limit = time.monotonic() + self.settled_within
        while True:
            verdict = Examination(self.behind, self.project, self._load).run()
            if (verdict.holds and not verdict.leftover) or time.monotonic() > limit:
                return verdict
            time.sleep(0.5)

    def _verified(self, leftover: int) -> None:
        """`./ops/verify` finds the same, and has nothing left to say once that is removed."""
        asked = self.stack.verb("verify", "--json", "--deep", "--grace", "0")
        assert asked.returncode in (0, 1), asked.stderr
        found = json.loads(asked.stdout)
        assert (found["unexplained"], found["missing"], found["damaged"]) == (leftover, 0, 0), found
        if leftover:
            mended = self.stack.verb("verify", "--repair", "--yes", "--grace", "0")
            assert mended.returncode == 0, mended.stdout + mended.stderr
            assert self.stack.verb("verify", "--deep", "--grace", "0").returncode == 0
