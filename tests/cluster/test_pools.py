"""Pools by the numbers of the inventory, whatever the server counts, and what is told of one that is drained."""

import pytest

from ops.clusters.rolling import Doubt
from ops.commands import rolling
from storage.pools import Pool, _pool

pytestmark = pytest.mark.pure

MOVING = {
    "id": 1,
    "cmdline": "hash:1",
    "decommissionInfo": {
        "startTime": "2026-11-26T00:00:00Z",
        "startSize": 4_000_000,
        "totalSize": 10_000_000,
        "objectsDecommissioned": 12,
        "objectsDecommissionedFailed": 1,
        "bytesDecommissioned": 3_000_000,
    },
}
IN_USE = [Pool("hash:0", None), Pool("hash:1", None)]


def test_after_the_first_pool_is_gone_the_others_keep_their_numbers() -> None:
    assert rolling.numbered(IN_USE, [2, 3], 3).name == "hash:1"
    with pytest.raises(Doubt, match="no pool 1 is in use; there are 2, 3"):
        rolling.numbered(IN_USE, [2, 3], 1)


def test_a_pool_of_the_inventory_that_is_not_in_use_yet_is_none() -> None:
    with pytest.raises(Doubt, match="no pool 3 is in use"):
        rolling.numbered(IN_USE, [1, 2, 3], 3)


def test_the_only_pool_has_nowhere_to_go() -> None:
    with pytest.raises(Doubt, match="nowhere to go"):
        rolling.numbered(IN_USE[:1], [1], 1)


def test_how_far_the_draining_is() -> None:
    one = _pool(MOVING)
    assert one.drain is not None
    assert one.drain.running
    assert one.drain.total_bytes == 6_000_000
    told = rolling.drained(one, 2)
    assert told == "pool 2: moving; moved 12 object versions, 3.00 MB of 6.00 MB, 1 could not be moved"
    assert rolling.drained(IN_USE[0], 1) == "pool 1 is in use"
    never = _pool({"id": 0, "cmdline": "x", "decommissionInfo": {"startTime": "0001-01-01T00:00:00Z"}})
    assert never.drain is None
