"""When a drive may be taken away, and when it is said what to wait for."""

import pytest

from ops.disks.margin import objection
from storage.health import Cluster, parsed

pytestmark = pytest.mark.pure


def cluster(states: str, originals: int = 2, versions: int = 1, sets: int = 1) -> Cluster:
    """One node; of each drive `.` it is well, `x` it is away, `h` it is being healed."""
    size = len(states) // sets
    rows = [
        {
            "endpoint": f"/d/{number}",
            "path": f"/d/{number}" if state != "x" else "",
            "state": "offline" if state == "x" else "ok",
            "healing": state == "h",
            "pool_index": 0,
            "set_index": number // size,
        }
        for number, state in enumerate(states)
    ]
    backend = {"StandardSCData": [size - originals], "RRSCData": [size - versions], "DrivesPerSet": [size]}
    return parsed({"servers": [{"endpoint": "here", "state": "online", "drives": rows}]}, {"Backend": backend})


@pytest.mark.parametrize(
    ("states", "which", "parities"),
    [
        ("....", 0, (2, 1)),
        ("x...", 0, (2, 1)),  # it is away: nothing is lost with it
        ("xx..", 1, (2, 1)),
        ("h...", 0, (2, 1)),  # nothing is read from it yet
        ("x...............", 3, (4, 4)),
        ("..x.....", 4, (2, 1)),  # the other one is of another set
    ],
)
def test_it_may_go(states: str, which: int, parities: tuple[int, int]) -> None:
    now = cluster(states, *parities, sets=2 if len(states) == 8 else 1)
    assert objection(now, now.drives[which]) == ""


@pytest.mark.parametrize(
    ("states", "which", "parities", "said"),
    [
        ("x...", 1, (2, 1), "nothing could be uploaded without it; /d/0 is offline"),
        (".h..", 0, (2, 1), "some objects could not be read without it; /d/1 is healing"),
        ("..", 0, (1, 1), "nothing could be uploaded without it, as its set has no drive to spare"),
        ("xxxx............", 5, (4, 4), "nothing could be uploaded without it; /d/0 is offline, /d/1 is offline"),
    ],
)
def test_it_may_not(states: str, which: int, parities: tuple[int, int], said: str) -> None:
    now = cluster(states, *parities)
    assert objection(now, now.drives[which]).startswith(said)
