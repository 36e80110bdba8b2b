"""The power is cut: what was acknowledged is there when it comes back."""

import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from tests.faults.parts import supervisor
from tests.faults.trial import Trial
from tests.faults.uploads import AT_ONCE
from tests.faults.volume import Volume
from tests.stack import Stack

pytestmark = pytest.mark.root


def die(stack: Stack, volume: Volume) -> None:
    """As a machine without power: the disk first, all processes with it."""
    leader = psutil.Process(supervisor(stack))
    everything = [leader, *leader.children(recursive=True)]
    volume.cut_power()
    for process in everything:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(everything, timeout=20)


@pytest.mark.parametrize(
    ("cuts", "count"), [(1, 30), pytest.param(6, 100, marks=pytest.mark.long)], ids=["short", "long"]
)
@pytest.mark.timeout(600)
def test_power_loss(brittle: tuple[Stack, Volume], begin: Callable[..., Trial], cuts: int, count: int) -> None:
    stack, volume = brittle
    trial = begin(stack, "power loss")
    load = trial.uploads(count, 6 * cuts)
    load.wait(count // 10)
    for _ in range(cuts):
        time.sleep(trial.chance.uniform(0, 3))
        die(stack, volume)
        volume.unmount()
        volume.mount()
        stack.up()
    trial.over()
    done = f"XFS under all data shut down in the middle of work ({cuts}x), mounted again, `./ops/up`"
    assert trial.end(done, left_over=cuts * AT_ONCE).holds
