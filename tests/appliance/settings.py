"""Settings that have been changed, and that a test is about to rely on."""

import re

from tests.appliance.client import wait_for
from tests.faults.behind import behind
from tests.stack import Stack

TAKEN = re.compile(r"settings are others now.* generation=(\d+)")


def wait_in_force(stack: Stack, part: str) -> None:
    """Waits until the process of a part goes by what is set now: it logs each set that it has taken over."""
    wanted = int(behind(stack).sql("SELECT generation FROM settings_published")[0]["generation"])

    def taken() -> bool:
        found = TAKEN.findall((stack.data / "logs" / f"{part}.log").read_text())
        return bool(found) and int(found[-1]) >= wanted

    wait_for(taken)
