"""One drive takes the place of another while uploads go on; the command is killed at each step, and goes on."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.disks import contents, replace
from ops.disks.devices import Device
from ops.disks.prepare import Order
from ops.disks.record import xfs_uuid
from ops.disks.replace import FILE
from tests.drives.loops import Loops, mounted, run
from tests.drives.serving import Server, Uploads, unread
from tests.stack import CHECKOUT, environment

pytestmark = pytest.mark.root

UUID = "34f00e01-9c3b-4021-9cc7-8d92a8a79261"


@pytest.fixture(scope="module")
def load(server: Server) -> Iterator[Uploads]:
    made = Uploads(server, "before")
    made.wait(50)
    yield made
    made.end()


@pytest.fixture
def replacing(server: Server, loops: Loops, ground: Path) -> list[str]:
    """The words of the command: the second drive goes, the fifth comes."""
    words = [str(CHECKOUT / "ops" / "drives"), "replace", "2", loops.paths[4], "--data", str(ground / "data")]
    return [*words, "--folder", str(ground / "data" / "drives"), "--units", str(ground / "units")]


def ended(words: list[str], server: Server, when: Callable[[str], bool], by: signal.Signals) -> tuple[int, str]:
    """Starts the command and sends it a signal when `when` says so of what it has said; exit code, and all it said."""
    done = subprocess.Popen(words, env=environment(**server.environment), stderr=subprocess.PIPE, text=True)
    assert done.stderr is not None
    said = ""
    with done:
        for line in done.stderr:
            said += line
            if when(said):
                done.send_signal(by)
                break
        said += done.stderr.read()
    return done.returncode, said


def killed_once_begun(words: list[str], server: Server) -> int:
    """Kills the command while the file system is being made, or a moment before or after."""
    done = subprocess.Popen(words, env=environment(**server.environment), stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 30
    with done:
        while not (server.data.path / "drives" / FILE).exists():
            assert time.monotonic() < limit
            time.sleep(0.001)
        done.kill()
    return done.returncode


def note(server: Server) -> dict[str, object]:
    told: dict[str, object] = json.loads((server.data.path / "drives" / FILE).read_text())
    return told


def test_after_a_kill_at_any_step_the_same_command_goes_on(
    replacing: list[str], server: Server, loops: Loops, load: Uploads, ground: Path
) -> None:
    old, new, place = loops.paths[1], loops.paths[4], server.data.drives[1]
    code, said = ended(replacing, server, lambda said: "watch until" in said, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert f"{new} takes the place of drive 2 ({old})" in said
    assert killed_once_begun(replacing, server) == -signal.SIGKILL
    before = time.time()
    code, said = ended(replacing, server, lambda said: "made darkroom-2" in said, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert mounted(new) == [] or mounted(old) == [], said
    code, said = ended(replacing, server, lambda said: "is mounted at" in said, signal.SIGINT)
    assert code == 130, said
    assert f"Going on: drive 2 ({old}) is being replaced by {new}" in said
    assert "interrupted" in said
    assert note(server)["made"] is True
    assert float(str(note(server)["began"])) < before + 60
    assert (mounted(old), mounted(new)) == ([], [str(place)])
    told = json.dumps(note(server))
    assert xfs_uuid(place) in told
    for word, by, said in [(new, old, "Name that one"), ("2", "1", "Go on with that one: ./ops/drives replace 2")]:
        other = [by if one == word else one for one in replacing]
        done = subprocess.run(other, env=environment(**server.environment), capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert f"drive 2 ({old}) is being replaced by {new}" in done.stderr
        assert said in done.stderr
    load.wait(10)
    assert load.failed == []


@pytest.mark.pure
@pytest.mark.parametrize(
    ("made", "serial", "holds", "destroy", "same"),
    [
        (False, "S1", "", False, True),  # nothing was done to it yet
        (False, "S1", contents.BYTES, False, True),  # the power was cut while the file system was made
        (False, "", contents.BYTES, False, False),  # the same, but nothing tells that it is the same drive
        (False, "", contents.BYTES, True, True),
        (False, "S1", "ext4, UUID 1", True, False),  # somebody has used it otherwise
        (False, "S2", "", True, False),  # its name belongs to another drive now
        (False, "S1", f"xfs named darkroom-2, UUID {UUID}", False, True),
        (True, "S1", "", True, False),
        (True, "S2", f"xfs named darkroom-2, UUID {UUID}", False, True),
    ],
)
def test_the_drive_is_known_again_by_more_than_its_name(
    made: bool, serial: str, holds: str, destroy: bool, same: bool
) -> None:
    began = replace.Replacement(Order("/dev/sdb", 10, Path("/d/2"), UUID, "", serial and "S1"), "drive 2", 0.0, made)
    assert replace.same_drive(began, Device("/dev/sdb", "disk", 10, serial), holds, destroy) is same


@pytest.mark.long
def test_full_redundancy_comes_back_while_uploads_go_on(
    replacing: list[str], server: Server, loops: Loops, load: Uploads
) -> None:
    """Proven by taking two other drives away: with this one and the last, all that was ever taken can be read."""
    done = subprocess.run(
        [*replacing, "--json"], env=environment(**server.environment), capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    load.end()
    told = json.loads(done.stdout)
    print(f"{told['healed']} object versions, {told['seconds']} s, {load.repeats} requests sent again")
    assert re.search(r"full redundancy after \d+ s", done.stderr)
    assert load.failed == []
    assert (told["failed"], server.drive(2).whole) == (0, True)
    assert told["healed"] >= 50
    assert not (server.data.path / "drives" / FILE).exists()
    for number in (1, 3):
        run("umount", "--lazy", str(server.data.drives[number - 1]))
    assert len(load.kept) > 60
    assert unread(server, load.kept) == []
