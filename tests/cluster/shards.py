"""What lies on the drives of the hosts, read from their file systems: the server is asked nothing."""

import re
from collections.abc import Iterator

from tests.cluster.cluster import Cluster
from tests.cluster.machine import Disk

BUCKETS = ("originals", "versions")


def objects(disk: Disk) -> dict[str, int]:
    """The folders of objects on a drive, and how many bytes of shards are in each (its xl.meta has small ones).

    What the server keeps to take an overwriting back (xl.meta.bkp) stays behind if it dies then, and is no shard.
    """
    script = 'cd "$1" && find originals versions -type f ! -name "*.bkp" -printf "%P %s\\n" 2>/dev/null; true'
    found: dict[str, int] = {}
    for line in disk.machine.run("sh", "-c", script, "sh", str(disk.where)).stdout.splitlines():
        path, _, size = line.rpartition(" ")
        key = re.sub(r"(/[0-9a-f-]{36})?/(xl\.meta|part\.\d+)$", "", path)
        found[key] = found.get(key, 0) + int(size)
    return found


def lacking(cluster: Cluster) -> list[str]:
    """Shards that are not where they should be, of drives that all form one set: none with full redundancy."""
    held = {f"{disk.machine.name}{disk.where.name}": objects(disk) for disk in each(cluster)}
    everywhere = set[str]().union(*held.values())
    return [f"{drive} {key}" for drive, own in held.items() for key in sorted(everywhere - set(own))]


def files_of(disk: Disk, image: str) -> list[str]:
    """The files on a drive that hold shards of the original of `image`."""
    script = 'find "$1/originals" -path "*/$2/*" -type f'
    return disk.machine.run("sh", "-c", script, "sh", str(disk.where), image).stdout.split()


def each(cluster: Cluster) -> Iterator[Disk]:
    for disks in cluster.disks.values():
        yield from disks


def used(disk: Disk) -> float:
    """The share of the drive that is taken, of 1."""
    told = disk.machine.run("stat", "-f", "-c", "%a %b", str(disk.where)).stdout.split()
    return 1 - int(told[0]) / int(told[1])
