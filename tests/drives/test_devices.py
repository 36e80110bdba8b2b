"""What lsblk and blkid say is understood: what may be taken, and what may not."""

from pathlib import Path

import pytest

from ops.disks import contents, devices
from ops.disks.devices import Device

pytestmark = pytest.mark.pure

KNOWN = devices.parse((Path(__file__).parent / "samples" / "lsblk.json").read_text())


def device(path: str) -> Device:
    found = devices.at(KNOWN, path)
    assert found is not None
    return found


def test_size_serial_and_kind_are_read() -> None:
    drive = device("/dev/nvme0n1")
    assert (drive.size, drive.serial, drive.transport) == (3_840_755_982_336, "S64HNE0R512345", "nvme")
    assert (drive.kind, drive.model, drive.read_only) == ("disk", "SAMSUNG MZQL23T8HCLS-00A07", False)
    assert device("/dev/loop4").serial == ""


def test_what_is_below_a_device_is_found() -> None:
    assert device("/dev/mapper/host-root").kind == "lvm"
    assert device("/dev/sda").mounted == ("/boot/efi", "/", "[SWAP]")
    assert devices.at(KNOWN, "/dev/sdz") is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/dev/sda", "it is mounted at /"),
        ("/dev/mapper/host-swap", "it is swapped to"),
        ("/dev/sdb", "it is mounted at /srv/darkroom/drives/1"),
        ("/dev/sdd", "it is a part of /dev/md0 (raid1)"),
        ("/dev/sde", "it is read-only"),
    ],
)
def test_what_is_in_use_says_by_what(path: str, reason: str) -> None:
    assert contents.in_use(device(path)) == reason


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("", ""),
        ("DEVNAME=/dev/sdc\nUUID=9578c880-b543-43e7-a4c3-0095cbe558d1\nBLOCK_SIZE=512\nTYPE=xfs\nUSAGE=filesystem\n",
         "xfs, UUID 9578c880-b543-43e7-a4c3-0095cbe558d1"),
        ("DEVNAME=/dev/sdc\nLABEL=old photos\nUUID=1c2d\nTYPE=ext4\nUSAGE=filesystem\n",
         "ext4 named old photos, UUID 1c2d"),
        ("DEVNAME=/dev/sdc\nPTUUID=6f3e\nPTTYPE=gpt\n", "a partition table (gpt)"),
        ("DEVNAME=/dev/sdc\nUUID=Qm8u\nVERSION=LVM2 001\nTYPE=LVM2_member\nUSAGE=raid\n", "LVM2_member, UUID Qm8u"),
    ],
)  # fmt: skip
def test_what_is_on_a_device_is_named(told: str, named: str) -> None:
    assert contents.named(told) == named


def test_both_ends_and_samples_between_are_read() -> None:
    size = 4 << 40
    places = list(contents.places(size))
    assert places == sorted(places)
    assert places[:16] == [number << 20 for number in range(16)]
    assert places[-1] + contents.SAMPLE == size
    assert 16 + 16 + 60 <= len(places) <= 16 + 16 + 70
    assert list(contents.places(1 << 20)) == [0]
