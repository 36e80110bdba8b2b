"""`./ops/drives prepare`, as it is typed, on loop devices: what is taken, what is refused, what is there afterwards."""

import binascii
import json
import struct
import subprocess
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drives.conftest import Typed
from tests.drives.loops import PATH, Loops, mounted, run

pytestmark = pytest.mark.root

SECTOR = 512


@pytest.fixture(scope="module")
def loops(ground: Path) -> Iterator[Loops]:
    made = Loops(ground, 3)
    yield made
    made.close()


@pytest.fixture
def drive(loops: Loops) -> Iterator[str]:
    """An empty one, which is emptied again."""
    yield loops.paths[2]
    for place in mounted(loops.paths[2]):
        run("umount", place)
    loops.erase(2)


def write(device: str, offset: int, content: bytes) -> None:
    with open(device, "r+b", buffering=0) as file:
        file.seek(offset)
        file.write(content)


def gpt(device: str) -> None:
    """A table with one partition (UEFI specification, chapter 5)."""
    sectors = int(run("blockdev", "--getsz", device))
    entry = uuid.uuid4().bytes_le + uuid.uuid4().bytes_le + struct.pack("<QQQ72s", 2048, 409600, 0, b"")
    entries = entry.ljust(128 * 128, b"\0")

    def header(crc: int) -> bytes:
        disk = uuid.uuid5(uuid.NAMESPACE_OID, device).bytes_le
        at = struct.pack("<QQQQ16sQ", 1, sectors - 1, 34, sectors - 34, disk, 2)
        return struct.pack("<8sIIII", b"EFI PART", 0x10000, 92, crc, 0) + at + struct.pack("<III", 128, 128, crc_of)

    crc_of = zlib.crc32(entries)
    protective = b"\0" * 446 + struct.pack("<8BII", 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, sectors - 1) + b"\0" * 48
    content = protective + b"\x55\xaa" + header(zlib.crc32(header(0))).ljust(SECTOR, b"\0") + entries
    write(device, 0, content)
    run("blockdev", "--rereadpt", device)


def lvm(device: str) -> None:
    """The label of a physical volume (lvm2, lib/format_text/layout.h)."""
    rest = struct.pack("<I8s", 32, b"LVM2 001") + b"a" * 32 + bytes(SECTOR - 64)
    crc = ~binascii.crc32(rest, ~0xF597A6CF & 0xFFFFFFFF) & 0xFFFFFFFF
    write(device, SECTOR, struct.pack("<8sQI", b"LABELONE", 1, crc) + rest)


def ext4(device: str) -> None:
    """As much of a superblock as makes it one (ext4, Documentation/filesystems/ext4/super.rst)."""
    block = bytearray(1024)
    struct.pack_into("<II", block, 0, 65536, 262144)
    struct.pack_into("<HH", block, 56, 0xEF53, 1)
    struct.pack_into("<I", block, 76, 1)
    struct.pack_into("<III", block, 92, 0x04, 0x42, 0x0B)
    block[104:120] = uuid.uuid4().bytes
    write(device, 1024, bytes(block))


CONTENTS: dict[str, tuple[Callable[[str], object], str]] = {
    "ext4": (ext4, "ext4"),
    "xfs": (lambda device: run("mkfs.xfs", "-q", device), "xfs"),
    "swap": (lambda device: run("mkswap", device), "swap"),
    "lvm": (lvm, "LVM2_member"),
    "gpt": (gpt, "partition"),
    "bytes at the end": (lambda device: write(device, (1500 << 20) - 4096, b"x"), "bytes that are not zero"),
    "bytes in the middle": (lambda device: write(device, 700 << 20, b"x" * (30 << 20)), "bytes that are not zero"),
}


# Where blkid knows it, where only its partitions tell, and where only its bytes do.
TOLD_APART = ("ext4", "gpt", "bytes in the middle")


@pytest.mark.parametrize(
    "kind", [kind if kind in TOLD_APART else pytest.param(kind, marks=pytest.mark.long) for kind in CONTENTS]
)
def test_a_drive_that_is_not_empty_is_refused(kind: str, drive: str, typed: Typed, ground: Path) -> None:
    put, named = CONTENTS[kind]
    put(drive)
    before = subprocess.run(["blkid", "-p", drive], env={"PATH": PATH}, capture_output=True, text=True).stdout
    done = typed("prepare", drive)
    assert done.returncode == 1
    assert f"{drive} is not empty" in done.stderr
    assert named in done.stderr
    assert "--yes" in done.stderr
    after = subprocess.run(["blkid", "-p", drive], env={"PATH": PATH}, capture_output=True, text=True).stdout
    assert (before, mounted(drive)) == (after, [])


def test_yes_lets_go_of_a_partitioned_one(drive: str, typed: Typed, ground: Path) -> None:
    gpt(drive)
    there = ["--folder", str(ground / "host" / "drives")]
    told = typed("prepare", drive, "--yes", "--dry-run", *there)
    assert told.returncode == 0
    assert "forget what is on it: " in told.stderr
    assert "partition" in told.stderr
    assert mounted(drive) == []
    done = typed("prepare", drive, "--yes", *there)
    assert done.returncode == 0, done.stderr
    assert mounted(drive) == [str(ground / "host" / "drives" / "1")]
    # Where the kernel knows such tables, it has forgotten this one.
    assert not Path(f"{drive}p1").exists()


def test_yes_lets_go_of_none_that_is_mounted(drive: str, typed: Typed, ground: Path) -> None:
    place = ground / "used"
    place.mkdir()
    run("mkfs.xfs", "-q", drive)
    run("mount", drive, str(place))
    done = typed("prepare", drive, "--yes")
    assert done.returncode == 1
    assert f"it is mounted at {place}" in done.stderr


def test_a_drive_that_somebody_holds_is_refused(drive: str, typed: Typed) -> None:
    """As a volume manager does, or a mount that only other processes see."""
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", f"mkfs.xfs -q {drive} && mount {drive} /mnt && echo there && read end"],
        env={"PATH": PATH},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "there\n"
        done = typed("prepare", drive, "--yes")
        other.stdin.close()
    assert done.returncode == 1
    assert "it can't be had alone" in done.stderr


def test_what_is_no_drive_is_refused(typed: Typed, ground: Path) -> None:
    for name in ("/dev/null", "/dev/no-such-drive", str(ground)):
        done = typed("prepare", name)
        assert done.returncode == 1
        assert f"there is no device {name}" in done.stderr


def test_an_empty_one_is_made_ready_and_not_made_ready_again(loops: Loops, typed: Typed, ground: Path) -> None:
    first, second = loops.paths[:2]
    link = ground / "by-id"
    link.symlink_to(first)
    done = typed("prepare", str(link), second, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["device"] for row in rows] == [first, second]
    for row in rows:
        place = Path(row["at"])
        assert done.stderr.index(f"make an XFS on it, named {row['label']}") < done.stderr.index(f"made {row['label']}")
        told = run("blkid", "-p", "-o", "export", row["device"])
        assert f"UUID={row['uuid']}" in told
        assert f"LABEL={row['label']}" in told
        assert mounted(row["device"]) == [row["at"]]
        owner = (ground / "data").stat()
        assert (place.stat().st_uid, place.stat().st_mode & 0o777) == (owner.st_uid, 0o700)
        unit = (ground / "units" / row["unit"]).read_text()
        assert f"What=/dev/disk/by-uuid/{row['uuid']}\nWhere={place}\n" in unit
    again = typed("prepare", first)
    assert again.returncode == 1
    assert f"it is mounted at {rows[0]['at']}" in again.stderr
    run("umount", rows[0]["at"])
    again = typed("prepare", first)
    assert again.returncode == 1
    assert f"is not empty: xfs named {rows[0]['label']}" in again.stderr


def test_a_place_is_given_once_and_there_are_as_many_as_the_server_has(loops: Loops, typed: Typed) -> None:
    """The two from before have theirs, one of them missing; of four places two are free."""
    done = typed("prepare", loops.paths[2], "--dry-run")
    assert done.returncode == 0
    assert "becomes darkroom-3" in done.stderr
    done = typed("prepare", *loops.paths, "--yes", "--dry-run")
    assert done.returncode == 1
    assert "2 free places for 3 drives" in done.stderr


def test_the_list_names_what_is_there_missing_and_free(loops: Loops, typed: Typed) -> None:
    done = typed("list", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    rows = {row["drive"]: row for row in told["drives"] if row["drive"]}
    assert (rows["1"]["mounted"], rows["1"]["storage"], rows["1"]["device"]) == (False, "missing", loops.paths[0])
    assert (rows["2"]["mounted"], rows["2"]["wrong"]) == (True, False)
    assert len(rows["1"]["uuid"]) == len(rows["2"]["uuid"]) == 36
    free = {row["device"]: row["holds"] for row in told["drives"] if not row["drive"]}
    assert free[loops.paths[2]] == "empty"
    assert "nothing is running" in told["problem"]
    table = typed("list").stdout
    assert loops.paths[1] in table
    assert "missing" in table
