"""Harm to four hosts under load, and what is examined afterwards."""

import hashlib
import time
from collections.abc import Callable

from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.report import Row

Record = Callable[[Row], None]
LOCKED_SECONDS = 120
"""So long a file that a node was writing or healing when it died may stay locked: the server lets go of what has not
been renewed for a minute, and looks once a minute (lockValidityDuration, lockMaintenanceInterval).
"""


def examined(cluster: Cluster, client: Client, acknowledged: dict[str, str]) -> int:
    """How many of those were lost: every one is done and has its bytes, and ledger and storage agree."""
    client.wait_ended(list(acknowledged))
    lost = sum(
        hashlib.sha256(client.bytes_of(image, "original")).hexdigest() != sha256
        for image, sha256 in acknowledged.items()
    )
    told = cluster.ops("verify", "--grace", "0", check=False)
    assert "missing object versions 0" in told.stdout, told.stdout + told.stderr
    return lost


def redundant(cluster: Cluster, began: float, seconds: float = 180) -> float:
    """Waits until every shard is where it should be; seconds since `began`."""
    limit = time.monotonic() + seconds
    while missing := shards.lacking(cluster):
        assert time.monotonic() < limit, f"lacking: {missing[:20]}\n{cluster.said('caretaker')}"
        time.sleep(0.5)
    return time.monotonic() - began


def whole(client: Client, seconds: float = 180) -> None:
    """Waits until the caretaker has looked after this moment, all nodes were there, and nothing was to be healed."""
    began = time.time()
    while True:
        told = client.call("GET", "/cluster")
        away = [node for node in told["nodes"] if not node["online"]]
        if told["at"] > began + 1 and not away and not told["round"] and not told["settles_at"]:
            return
        assert time.time() < began + seconds, told
        time.sleep(0.5)


def row(
    fault: str, client: Client, acknowledged: dict[str, str], lost: int, after: float | None, found: str = ""
) -> Row:
    counts = client.counts
    numbers = (counts.requests, counts.again, counts.failed, counts.slowest, len(acknowledged), lost, after)
    return Row(fault, *numbers, found)


def harmed(
    cluster: Cluster,
    client: Client,
    record: Record,
    what: str,
    harm: Callable[[], None],
    mend: Callable[[], None],
    files: int = 100,
) -> tuple[int, int]:
    """Does harm under load, and mends it after so many files more; then all shards come back. How many files were lost,
    and how many requests failed at every try.
    """
    load = Load(client)
    load.wait(20)
    harm()
    try:
        load.wait(files)
    finally:
        mend()
        began = time.monotonic()
    load.wait(20)
    acknowledged = load.stop()
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    record(row(what, client, acknowledged, lost, after))
    assert client.counts.slowest < LOCKED_SECONDS + 30, client.counts.slowest_was
    return lost, client.counts.failed
