"""Mount units: their names, their words as systemd reads them, and the mounts that are there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ops.disks import mounting
from ops.disks.mounting import Mount

UUID = "34f00e01-9c3b-4021-9cc7-8d92a8a79261"
MOUNTINFO = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 7:0 / /srv/darkroom/drives/1 rw,noatime shared:7 - xfs /dev/loop0 rw,attr2
41 22 7:1 / /srv/dark\\040room/2 rw,noatime - xfs /dev/disk/by-id/a\\040b rw
42 22 254:0 /home/photos /mnt/photos rw shared:1 - ext4 /dev/vda rw
43 40 7:9 / /srv/darkroom/drives/1 rw - tmpfs tmpfs rw
"""


@pytest.mark.pure
@pytest.mark.parametrize(
    ("where", "unit"),
    [
        ("/srv/darkroom/drives/1", "srv-darkroom-drives-1.mount"),
        ("/srv/dark-room/drives/12", r"srv-dark\x2droom-drives-12.mount"),
        ("/.hidden/a_b.c:d@e", r"\x2ehidden-a_b.c:d\x40e.mount"),
    ],
)
def test_a_unit_is_named_after_its_mount_point(where: str, unit: str) -> None:
    assert mounting.mount_unit(UUID, where)[0] == unit
    if tool := shutil.which("systemd-escape"):
        command = [tool, "--path", "--suffix", "mount", where]
        assert subprocess.run(command, capture_output=True, text=True).stdout.strip() == unit


@pytest.mark.pure
@pytest.mark.parametrize(
    "where", ["drives/1", "/", "/srv/a b", "/srv/%n", "/srv/../etc", "/srv//1", "/srv/1/", "/a\n/b"]
)
def test_a_place_that_a_unit_can_not_name_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="mount point"):
        mounting.mount_unit(UUID, where)


@pytest.mark.pure
@pytest.mark.parametrize("uuid", ["", "sdb", "34F00E01-9C3B-4021-9CC7-8D92A8A79261", UUID + "\nOptions=x"])
def test_what_is_no_uuid_is_refused(uuid: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        mounting.mount_unit(uuid, "/srv/1")


@pytest.mark.pure
def test_the_storage_waits_for_its_drives_and_starts_without_one() -> None:
    lines = mounting.wanted(["/srv/darkroom/drives/1", "/srv/darkroom/drives/2"])
    assert lines == (
        "Wants=srv-darkroom-drives-1.mount srv-darkroom-drives-2.mount\n"
        "After=srv-darkroom-drives-1.mount srv-darkroom-drives-2.mount\n"
    )
    assert "Requires" not in lines


@pytest.mark.pure
def test_mounts_are_read_and_the_one_that_is_seen_is_found() -> None:
    mounts = mounting.parse(MOUNTINFO)
    assert mounts[2] == Mount("/srv/dark room/2", "/dev/disk/by-id/a b", "xfs")
    assert mounts[3].root == "/home/photos"
    for path, source in [
        ("/srv/darkroom/drives/1", "tmpfs"),
        ("/srv/darkroom/drives/1/originals", "tmpfs"),
        ("/srv/darkroom/drives/10", "/dev/vda"),
        ("/srv/dark room/2", "/dev/disk/by-id/a b"),
    ]:
        found = mounting.holding(path, mounts)
        assert found is not None
        assert found.source == source


@pytest.mark.root
def test_systemd_has_nothing_to_say_against_a_unit(tmp_path: Path) -> None:
    name, text = mounting.mount_unit(UUID, "/srv/dark-room/drives/1")
    service = f"[Unit]\n{mounting.wanted(['/srv/dark-room/drives/1'])}\n[Service]\nExecStart=/bin/true\n"
    (tmp_path / name).write_text(text)
    (tmp_path / "darkroom-storage.service").write_text(service)
    verify = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    (tmp_path / name).write_text(text.replace("Where=/srv", "Where=/mnt"))
    assert subprocess.run(verify, capture_output=True, text=True, timeout=60).returncode, "it looks at nothing"
