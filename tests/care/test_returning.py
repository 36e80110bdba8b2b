"""What has come back, and so has to be healed: drives, nodes, other drives in their place, time that nobody looked."""

import dataclasses
from typing import Any

import pytest

from storage.health import Cluster
from storage.returning import EARLIER_SECONDS, SETTLE_SECONDS, UNSEEN_SECONDS, Return, Seen, looked
from tests.care.test_margins import recorded

pytestmark = pytest.mark.pure


def later(seen: Seen, cluster: Cluster, seconds: float = 3.0) -> tuple[Seen, list[str]]:
    # As it comes back from the ledger.
    now, came = looked(aged(cluster, seconds), seen.at + seconds, Seen(**seen.told()))
    return now, [one.why for one in came]


def aged(cluster: Cluster, seconds: float) -> Cluster:
    """The same nodes, up for so much longer."""
    nodes = tuple(dataclasses.replace(node, uptime=node.uptime + seconds) for node in cluster.nodes)
    return dataclasses.replace(cluster, nodes=nodes)


def first(name: str) -> Seen:
    seen, came = looked(recorded(name), 1000.0, None)
    assert not came, "nothing can have come back at the first look"
    return seen


def changed(cluster: Cluster, **change: Any) -> Cluster:
    """With the first drive of the first node changed."""
    node = cluster.nodes[0]
    drives = (dataclasses.replace(node.drives[0], **change), *node.drives[1:])
    return dataclasses.replace(cluster, nodes=(dataclasses.replace(node, drives=drives), *cluster.nodes[1:]))


def test_all_well_is_nothing_to_heal() -> None:
    assert later(first("4x5-well"), recorded("4x5-well"))[1] == []


def test_a_drive_that_was_away_and_is_back() -> None:
    seen, came = later(first("4x5-well"), recorded("4x5-drive-away"))
    assert came == []
    seen, came = later(seen, recorded("4x5-drive-away"))
    assert came == []
    seen, came = later(seen, recorded("4x5-well"))
    assert came == ["the drive /drives/d1 of 10.77.0.2:9000 is back"]
    assert later(seen, recorded("4x5-well"))[1] == []


def test_what_other_nodes_wrote_around_it_is_healed_a_while_later() -> None:
    """They connect to it one after the other, and meanwhile believe that it is away."""
    well = recorded("4x5-well")
    seen, _ = later(first("4x5-well"), recorded("4x5-drive-away"))
    back, _ = later(seen, well)
    soon, came = later(back, well, SETTLE_SECONDS - 1)
    assert (came, soon.settles_at) == ([], back.at + SETTLE_SECONDS)
    settled, (found,) = looked(aged(well, SETTLE_SECONDS), back.at + SETTLE_SECONDS, soon)
    assert found == Return("other nodes have connected to what was back", back.at - EARLIER_SECONDS)
    assert settled.settles_at is None
    assert looked(aged(well, SETTLE_SECONDS + 3), settled.at + 3, settled)[1] == []


def test_a_drive_that_was_full_lacks_what_was_written_meanwhile() -> None:
    """The server tries again once what it could not write there, a second later, and forgets it then."""
    total = recorded("4x5-well").nodes[0].drives[0].total
    full = changed(recorded("4x5-well"), free=int(0.009 * total))
    seen, came = later(first("4x5-well"), full)
    assert came == []
    after, came = looked(aged(recorded("4x5-well"), 3), seen.at + 3, Seen(**seen.told()))
    assert came == [Return("the drive /drives/d1 of 10.77.0.2:9000 has room again", seen.at - EARLIER_SECONDS)]
    assert later(after, changed(recorded("4x5-well"), free=int(0.011 * total)))[1] == []


def test_one_node_alone_has_no_others() -> None:
    alone = dataclasses.replace(recorded("4x5-well"), nodes=recorded("4x5-well").nodes[:1])
    node = dataclasses.replace(alone.nodes[0], drives=(dataclasses.replace(alone.nodes[0].drives[0], state="offline"),))
    seen, _ = looked(dataclasses.replace(alone, nodes=(node,)), 1000.0, looked(alone, 990.0, None)[0])
    back, came = looked(aged(alone, 20), 1010.0, seen)
    assert [one.why for one in came] == ["the drive /drives/d1 of 10.77.0.2:9000 is back"]
    assert back.settles_at is None


def test_a_new_drive_is_looked_through_once_the_server_has_filled_it() -> None:
    seen = first("4x5-well")
    seen, came = later(seen, changed(recorded("4x5-well"), state="unformatted", uuid=""))
    seen, came = later(seen, changed(recorded("4x5-well"), uuid="new", filling=object()))
    assert came == []
    (found,) = looked(aged(changed(recorded("4x5-well"), uuid="new"), 3), seen.at + 3, seen)[1]
    assert found.since is None, "whatever was on the one before may be lacking on it"


def test_another_drive_between_two_looks() -> None:
    _seen, came = later(first("4x5-well"), changed(recorded("4x5-well"), uuid="new"))
    assert came == [
        f"the drive {recorded('4x5-well').drives[0].path} of {recorded('4x5-well').nodes[0].name} is another one"
    ]


def test_a_node_that_came_back_lacks_what_the_others_wrote() -> None:
    seen, came = later(first("4x2-well"), recorded("4x2-node-away"))
    assert came == []
    back = recorded("4x2-well")
    found = looked(aged(back, 6), seen.at + 3, seen)[1]
    # It is seen to be away at the second look, 3 s after the first.
    assert {one.since for one in found} == {1003.0 - EARLIER_SECONDS, seen.at - EARLIER_SECONDS}
    assert any("is back" in one.why for one in found)


def test_a_node_that_was_started_again_between_two_looks() -> None:
    seen = first("4x2-well")
    cluster = recorded("4x2-well")
    young = dataclasses.replace(
        cluster, nodes=(dataclasses.replace(cluster.nodes[0], uptime=1.0), *aged(cluster, 60).nodes[1:])
    )
    found = looked(young, seen.at + 60, seen)[1]
    again = f"the node {cluster.nodes[0].name} was started again"
    assert [(one.why, one.since) for one in found] == [(again, seen.at - EARLIER_SECONDS)]


def test_a_single_node_lacks_at_most_what_it_was_about_to_write() -> None:
    cluster = recorded("4x5-well")
    alone = Cluster(cluster.nodes[:1], cluster.sets)
    seen, _ = looked(alone, 1000.0, None)
    again = Cluster((dataclasses.replace(alone.nodes[0], uptime=1.0),), alone.sets)
    found = looked(again, 1100.0, seen)[1]
    assert [one.since for one in found] == [1000.0 - EARLIER_SECONDS]


def test_after_a_time_in_which_nobody_looked_what_came_meanwhile_is_looked_through() -> None:
    seen = first("4x5-well")
    found = looked(aged(recorded("4x5-well"), 2 * UNSEEN_SECONDS), seen.at + 2 * UNSEEN_SECONDS, seen)[1]
    assert [(one.why, one.since) for one in found] == [("nobody had looked at storage for 4 minutes", seen.at)]
