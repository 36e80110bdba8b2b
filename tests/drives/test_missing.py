"""A drive is missing: nothing is written into its empty mount point, and the server goes on without it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.disks import guard, mounting, record
from ops.folder import DataFolder
from ops.setup import account
from tests.drives.conftest import Typed
from tests.drives.loops import Loops, run
from tests.drives.serving import Server, Uploads, unread

pytestmark = pytest.mark.root


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it does not come about"
        time.sleep(0.2)


def test_a_drive_is_lost_under_load(server: Server) -> None:
    """Unmounted while the server writes to it: what it has open lives on, what comes next finds the mount point."""
    place = server.data.drives[2]
    load = Uploads(server, "lost")
    load.wait(20)
    run("umount", "--lazy", str(place))
    load.wait(20)
    until(lambda: not server.drive(3).whole)
    load.wait(20)
    load.end()
    assert load.failed == []
    assert list(place.iterdir()) == []
    assert unread(server, load.kept) == []


def test_a_start_without_it_goes_on_with_the_others(server: Server) -> None:
    place = server.data.drives[2]
    server.stop()
    server.start()
    assert server.said[0].startswith(f"the drive of {place} is not mounted (/dev/loop")
    assert f"./ops/drives replace {place.name} DEVICE" in server.said[0]
    load = Uploads(server, "degraded")
    load.wait(20)
    load.end()
    assert load.failed == []
    assert not server.drive(3).whole
    assert [server.drive(number).whole for number in (1, 2, 3, 4)] == [True, True, False, True]
    assert list(place.iterdir()) == []


def test_another_is_not_replaced_meanwhile(server: Server, loops: Loops, typed: Typed) -> None:
    """With one away, the set can't do without a second one."""
    base = str(server.data.path / "drives")
    done = typed("replace", "1", loops.paths[4], "--folder", base, **server.environment)
    assert done.returncode == 1
    assert f"{server.data.drives[0]} can't be spared now" in done.stderr
    assert f"{server.data.drives[2]} is offline" in done.stderr
    assert run("blkid", "-p", loops.paths[0]).count("darkroom-1")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("7", 4, "7 is no drive"),
        ("3", 0, "it is mounted at"),
        ("/dev/null", 4, "/dev/null is no drive"),
    ],
)
def test_what_can_not_be_replaced_is_refused(
    old: str, new: int, said: str, server: Server, loops: Loops, typed: Typed
) -> None:
    base = str(server.data.path / "drives")
    done = typed("replace", old, loops.paths[new], "--folder", base, **server.environment)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_the_account_of_the_server_shuts_a_folder_of_its_own(ground: Path) -> None:
    """A drive that somebody had mounted by hand on a folder of the account is missing."""
    service, folder = account.ensure(), ground / "own"
    folder.mkdir(mode=0o700)
    os.chown(folder, service.pw_uid, service.pw_gid)
    assert account.can(service, lambda: os.access(folder, os.W_OK))
    assert account.can(service, lambda: guard.shut(folder))
    assert not account.can(service, lambda: os.access(folder, os.W_OK))


def test_a_folder_is_closed_under_the_drive_that_is_mounted_on_it(ground: Path, loops: Loops) -> None:
    """As ./ops/up does it as root: the drive is used on, and nobody sees what was mounted for a moment."""
    service, folder = account.ensure(), ground / "by-hand" / "1"
    folder.mkdir(parents=True)
    os.chown(folder, service.pw_uid, service.pw_gid)
    run("mkfs.xfs", "-q", "-f", loops.paths[4])
    before = Path("/proc/self/mountinfo").read_text().count("\n")
    run("mount", loops.paths[4], str(folder))
    os.chown(folder, service.pw_uid, service.pw_gid)
    guard.close(folder)
    guard.close(folder)
    assert account.can(service, lambda: os.access(folder, os.W_OK)), "of the drive itself"
    run("umount", str(folder))
    assert Path("/proc/self/mountinfo").read_text().count("\n") == before
    assert not account.can(service, lambda: os.access(folder, os.W_OK))
    loops.erase(4)


@pytest.mark.pure
def test_what_was_a_drive_stays_known_and_what_never_was_is_none(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    data.make()
    place = str(data.drives[0].resolve())
    with_it = mounting.parse(f"1 0 8:0 / / rw - ext4 /dev/sda rw\n2 1 8:16 / {place} rw - xfs /dev/sdb rw\n")
    without = with_it[:1]
    assert record.missing(data, without) == []
    record.write(data, with_it)
    assert record.missing(data, with_it) == []
    gone = record.missing(data, without)
    assert [one.folder for one in gone] == [data.drives[0]]
    assert "/dev/sdb" in str(gone[0])
    record.write(data, without)
    assert len(record.missing(data, without)) == 1
