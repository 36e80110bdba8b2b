"""How many drives and nodes may fail yet, by the server's own rules: on answers that real clusters gave."""

import dataclasses
import json
from pathlib import Path

import pytest

from storage import sentences
from storage.health import Cluster, parsed
from storage.sentences import Level

pytestmark = pytest.mark.pure

ANSWERS = Path(__file__).parent / "answers"


def recorded(name: str) -> Cluster:
    """What four nodes of the pinned server said: 2 drives each, 5 each, or two pools of 2 and 4 each."""
    answer = json.loads((ANSWERS / f"{name}.json").read_text())
    return parsed(answer["info"], answer["storage"])


def margins(cluster: Cluster) -> list[tuple[int, int, int, int, int]]:
    return [(one.pool, one.size, one.writes, one.reads, one.reads_versions) for one in cluster.sets]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # One set of 8 with 4 of parity: writes need 5.
        ("4x2-well", [(0, 8, 3, 4, 1)]),
        ("4x2-drive-away", [(0, 8, 2, 3, 0)]),
        ("4x2-node-away", [(0, 8, 1, 2, -1)]),
        # Five sets of 4 with 2 of parity, a drive of each node in each.
        ("4x5-well", [(0, 4, 1, 2, 1)] * 5),
        ("4x5-drive-away", [(0, 4, 0, 1, 0), *[(0, 4, 1, 2, 1)] * 4]),
        ("4x5-node-away", [(0, 4, 0, 1, 0)] * 5),
        # The second pool is a set of 16 with 4 of parity: writes need 12.
        ("pools-well", [(0, 8, 3, 4, 1), (1, 16, 4, 4, 1)]),
        ("pools-drive-away", [(0, 8, 2, 3, 0), (1, 16, 4, 4, 1)]),
        ("pools-node-away", [(0, 8, 1, 2, -1), (1, 16, 0, 0, -3)]),
    ],
)
def test_margins_of_each_set(name: str, expected: list[tuple[int, int, int, int, int]]) -> None:
    assert margins(recorded(name)) == expected


@pytest.mark.parametrize(
    ("name", "writing", "reading"),
    [
        ("4x2-well", 4, 4),
        ("4x2-node-away", 0, 3),
        ("4x5-node-away", 0, 3),
        ("pools-well", 4, 4),
        ("pools-node-away", 0, 0),
    ],
)
def test_which_node_may_fail_as_well(name: str, writing: int, reading: int) -> None:
    cluster = recorded(name)
    assert (len(cluster.spare_nodes()), len(cluster.spare_nodes(reading=True))) == (writing, reading)


def test_margins_in_words() -> None:
    assert sentences.margin(recorded("4x5-well").sets[1]) == (
        "1 more drive may fail in set 2 before writes stop, 2 more before reads stop"
    )
    assert sentences.margin(recorded("4x5-drive-away").sets[0]) == (
        "no more drive may fail in set 1 before writes stop, 1 more before reads stop"
    )
    assert sentences.margin(recorded("pools-well").sets[1]) == (
        "4 more drives may fail in set 1 of pool 2 before writes stop, 4 more before reads stop"
    )
    assert sentences.nodes_margin(recorded("4x2-well")) == (
        "any one node may fail before writes stop, any one node before reads stop"
    )
    assert sentences.nodes_margin(recorded("4x5-node-away")) == (
        "no other node may fail before writes stop, any one node before reads stop"
    )


def test_nothing_is_said_of_what_is_well() -> None:
    assert [sentences.of_drives(recorded(f"{name}-well")) for name in ("4x2", "4x5", "pools")] == [[], [], []]


def test_a_node_that_is_away_is_one_thing_to_do_not_one_for_each_of_its_drives() -> None:
    found = sentences.of_drives(recorded("4x2-node-away"))
    assert [(one.level, one.code) for one in found] == [(Level.ACT, "node_away")]
    assert "its 2 drives are away" in found[0].what
    assert found[0].risk == "No original is lost; versions may be out of reach, and can be made again."


def test_a_drive_that_is_away_says_where_and_what_to_do() -> None:
    found = sentences.of_drives(recorded("4x5-drive-away"))
    assert [one.code for one in found] == ["drive_away"]
    assert found[0].text.startswith("The drive /drives/d1 of 10.77.0.2:9000 is away. No file is lost. If it is only")


def test_the_last_margin_and_what_is_beyond_it() -> None:
    said = {one.code: one for one in sentences.of_drives(recorded("pools-node-away"))}
    assert "No other drive of set 1 of pool 2 may fail" in said["no_margin"].what
    assert said["no_margin"].level is Level.ACT
    worse = without(recorded("4x5-node-away"), 2)
    said = {one.code: one for one in sentences.of_drives(worse)}
    assert said["no_writes"].what == "Nothing can be written: set 1 lacks 2 drives for that."
    assert said["no_reads"].what == "Originals can't be read: set 1 lacks 1 whole drive for that."
    assert said["drive_away"].risk == "Files can't be read until drives are back; nothing is deleted meanwhile."


def without(cluster: Cluster, more: int) -> Cluster:
    """The same with so many more drives of the first set offline."""
    names = [drive.endpoint for drive in cluster.sets[0].drives if drive.here][:more]
    nodes = tuple(
        dataclasses.replace(
            node,
            drives=tuple(
                dataclasses.replace(drive, state="offline") if drive.endpoint in names else drive
                for drive in node.drives
            ),
        )
        for node in cluster.nodes
    )
    of = {drive.endpoint: drive for node in nodes for drive in node.drives}
    sets = tuple(
        dataclasses.replace(one, drives=tuple(of[drive.endpoint] for drive in one.drives)) for one in cluster.sets
    )
    return Cluster(nodes, sets)


def test_a_drive_that_is_being_filled_writes_and_has_not_what_was_stored() -> None:
    answer = json.loads((ANSWERS / "4x5-well.json").read_text())
    drive = answer["info"]["servers"][0]["drives"][0]
    told = {"items_healed": 71, "objects_total_count": 200, "bytes_done": 5, "started": "2026-11-25T22:00:00Z"}
    drive |= {"healing": True, "heal_info": told}
    cluster = parsed(answer["info"], answer["storage"])
    assert margins(cluster)[0] == (0, 4, 1, 1, 0)
    assert cluster.problems == [f"drive {drive['endpoint']} is being healed"]
    filling = cluster.drives[0].filling
    assert filling is not None
    assert (filling.done, filling.total) == (71, 200)


def test_room_follows_the_fullest_drive_of_each_set_and_parity_is_counted() -> None:
    cluster = recorded("pools-well")
    drive = cluster.drives[0]
    kept = 0.05
    assert cluster.room(kept) == pytest.approx(24 * (drive.free - kept * drive.total), rel=0.01)
    original, version = cluster.overhead()
    assert original == pytest.approx((8 * 2 + 16 * 4 / 3) / 24)
    assert version == pytest.approx((8 * 8 / 7 + 16 * 16 / 15) / 24)
