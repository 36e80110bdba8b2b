"""Settings that have been changed, and that a test is about to rely on."""

import re

from tests.appliance.client import wait_for
from tests.faults.behind import behind
from tests.stack import Stack

TAKEN = re.compile(r"settings are others now.* generation=(\d+)")
STARTING = "Starting granian"
SPAWNED = re.compile(r"Spawning (worker-\d+) ")


def wait_in_force(stack: Stack, part: str) -> None:
    """Waits until each process of a part goes by what is set now: it logs each set that it has taken over, once."""
    wanted = int(behind(stack).sql("SELECT generation FROM settings_published")[0]["generation"])

    def taken() -> bool:
        # The API has several processes, which write into one log; any other part is one.
        said = (stack.data / "logs" / f"{part}.log").read_text().rpartition(STARTING)[2]
        processes = len(set(SPAWNED.findall(said))) or 1
        return sum(int(generation) >= wanted for generation in TAKEN.findall(said)) >= processes

    wait_for(taken)
