"""A whole appliance on real drives: one is lost, and replaced while photos come in. And what would be without us."""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance.client import Project, wait_for
from tests.drives.loops import Loops, run, softened
from tests.faults.uploads import Load
from tests.stack import Stack

pytestmark = [pytest.mark.root, pytest.mark.long]

LOOKS = 40.0
"""Seconds in which the server has looked for drives and for fresh ones twice (15 and 10 s)."""


@pytest.fixture
def stack() -> Iterator[Stack]:
    made = Stack()
    yield made
    softened(made.data)
    made.close()


@pytest.fixture
def loops(stack: Stack) -> Iterator[Loops]:
    made = Loops(stack.folder, 5)
    yield made
    stack.down()
    made.close()


def test_a_drive_is_lost_and_replaced_while_photos_come_in(stack: Stack, loops: Loops) -> None:
    units = ["--units", str(stack.folder / "units")]
    made = stack.verb("drives", "prepare", *loops.paths[:4], *units)
    assert made.returncode == 0, made.stderr
    stack.up()
    place, project, chance = stack.data / "drives" / "4", Project(stack), random.Random(4)
    load = Load(project, stack.url, 60, 10, chance)
    load.wait(10)
    run("umount", "--lazy", str(place))
    load.join()
    assert load.given_up == []
    assert list(place.iterdir()) == []
    told = stack.verb("status")
    assert told.returncode == 4
    assert f"the drive of {place} is not mounted" in told.stdout
    assert "missing" in stack.verb("drives", "list").stdout
    stack.down()
    assert f"the drive of {place} is not mounted" in stack.up()
    load = Load(project, stack.url, 200, 30, chance)
    load.wait(10)
    began = time.monotonic()
    replaced = stack.verb("drives", "replace", "4", loops.paths[4], *units)
    seconds = time.monotonic() - began
    load.join()
    assert replaced.returncode == 0, replaced.stderr
    print(f"{seconds:.1f} s, {len(load.acknowledged)} photos meanwhile")
    assert load.given_up == []
    stack.wait_well()
    assert "is not mounted" not in stack.verb("status").stdout
    assert stack.verb("drives", "list").returncode == 0
    verified = stack.verb("verify", "--deep", "--grace", "0")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_mount_point_on_the_systems_disk_is_not_filled(stack: Stack, loops: Loops) -> None:
    """One drive is mounted by hand, the other three are folders: for these the server takes the system's disk."""
    place = stack.data / "drives" / "3"
    stack.up()
    stack.down()
    owner = place.stat()
    run("rm", "-r", str(place))
    place.mkdir()
    os.chown(place, owner.st_uid, owner.st_gid)
    run("mkfs.xfs", "-q", loops.paths[0])
    run("mount", loops.paths[0], str(place))
    os.chown(place, owner.st_uid, owner.st_gid)
    stack.up()
    wait_for(lambda: (place / ".minio.sys" / "format.json").exists(), LOOKS)
    run("umount", "--lazy", str(place))
    assert_stays_empty(place)
    stack.down()
    assert f"the drive of {place} is not mounted" in stack.up()
    assert_stays_empty(place)
    stack.down()
    # Without what stands against it: it is not recorded, and the account can write.
    (stack.data / "drives.json").unlink()
    os.chown(place, owner.st_uid, owner.st_gid)
    place.chmod(0o700)
    stack.up()
    wait_for(lambda: (place / ".minio.sys" / "format.json").exists(), LOOKS)


def assert_stays_empty(place: Path) -> None:
    limit = time.monotonic() + LOOKS
    while time.monotonic() < limit:
        assert list(place.iterdir()) == []
        time.sleep(0.5)
