"""What happens to drives of four hosts: wiped, rotten, full and unmounted; all files stay, and all shards come back."""

import hashlib
import time

import pytest

from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import Record, examined, harmed, redundant, row
from tests.cluster.machine import Disk

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(900)]

# In the middle: of a part, or of the bytes that xl.meta holds of a small one.
TURN = """
import sys
with open(sys.argv[1], "r+b") as file:
    at = file.seek(0, 2) // 2
    file.seek(at)
    byte = file.read(1)[0]
    file.seek(at)
    file.write(bytes([byte ^ 255]))
"""


def uploaded(client: Client, count: int) -> dict[str, str]:
    load = Load(client, reads=False)
    load.wait(count)
    acknowledged = load.stop()
    client.wait_ended(list(acknowledged))
    return acknowledged


def test_a_wiped_drive_is_filled_again(cluster: Cluster, client: Client, record: Record) -> None:
    disk = cluster.disks["d"][0]

    def wipe() -> None:
        # What was deleted by mistake, the server's own folder too. Files come in meanwhile, and stay as they would.
        disk.machine.run("sh", "-c", 'rm -rf "$1"/* "$1"/.minio.sys', "sh", str(disk.where), check=False)

    assert harmed(cluster, client, record, "a drive wiped under load", wipe, lambda: None, 40) == (0, 0)


def test_flipped_bits_are_found_and_mended(cluster: Cluster, client: Client, record: Record) -> None:
    """In as many shards of each file as parity allows; reads give the right bytes before the scrub and after it."""
    acknowledged = uploaded(client, 10)
    rotten = {image: list(shards.each(cluster))[:4] for image in list(acknowledged)[:5]}
    harmed = {image: [flip(disk, image) for disk in disks] for image, disks in rotten.items()}
    for image in rotten:
        assert hashlib.sha256(client.bytes_of(image, "original")).hexdigest() == acknowledged[image]
    began = time.monotonic()
    done = cluster.ops("scrub", "--now", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for image, sums in harmed.items():
        for disk, (path, before, _) in zip(rotten[image], sums, strict=True):
            assert digest(disk, path) == before, path
    lost = examined(cluster, client, acknowledged)
    record(row("bits flipped in 4 of 8 shards of 5 files", client, acknowledged, lost, time.monotonic() - began))
    assert lost == 0


def test_a_full_drive_is_an_error_that_says_so_at_the_worst(cluster: Cluster, client: Client, record: Record) -> None:
    disk = cluster.disks["c"][1]
    load = Load(client)
    load.wait(10)
    disk.machine.run(
        "sh",
        "-c",
        'fallocate -l "$(stat -f -c "%a*%S" "$1" | sed s/\\*/\\ /| '
        'awk \'{print $1*$2}\')" "$1/filler" || cat /dev/zero > "$1/filler" || true',
        "sh",
        str(disk.where),
    )
    try:
        before = len(load.acknowledged)
        time.sleep(15)
        refused = load.stop_softly()
    finally:
        disk.machine.run("rm", "-f", str(disk.where / "filler"))
    began = time.monotonic()
    more = uploaded(client, 10)
    acknowledged = load.acknowledged | more
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    taken = len(load.acknowledged) - before
    answers = client.counts.answers
    told = ", ".join(f"{count} x {answer}" for answer, count in sorted(answers.items())) or "none"
    found = f"{taken} files more were taken, {refused} requests refused; answers that were errors: {told}"
    record(row("a drive filled to the last byte for 15 s", client, acknowledged, lost, after, found))
    assert lost == 0
    assert taken > 0
    assert set(answers) <= {"503", "507"}


def test_an_unmounted_drive_is_not_written_into(cluster: Cluster, client: Client, record: Record) -> None:
    disk, node = cluster.disks["b"][1], cluster.services["b"]["storage"]

    def unmount() -> None:
        disk.unmount(lazy=True)
        node.stop()
        node.start()

    def mount() -> None:
        empty = disk.machine.run("ls", "-A", str(disk.where)).stdout
        disk.mount("noatime")
        assert empty == "", "something was written into the empty mount point"

    what = "a drive unmounted and its node restarted, mounted after 40 files"
    assert harmed(cluster, client, record, what, unmount, mount, 40) == (0, 0)


def flip(disk: Disk, image: str) -> tuple[str, str, str]:
    """Turns bits over in the largest shard of an original on this drive: its path, SHA-256 before, and after."""
    path = max(shards.files_of(disk, image), key=lambda one: int(disk.machine.run("stat", "-c", "%s", one).stdout))
    before = digest(disk, path)
    disk.machine.run("python3", "-c", TURN, path)
    after = digest(disk, path)
    assert after != before
    return path, before, after


def digest(disk: Disk, path: str) -> str:
    return disk.machine.run("sha256sum", path).stdout.split()[0]
