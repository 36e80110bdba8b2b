"""Harm to the shards of one object, as disks do it."""

from pathlib import Path


def shards(drives: list[Path], bucket: str, key: str) -> list[Path]:
    """The file of each drive that holds a shard of an object too large to be kept inside its metadata."""
    return sorted(part for drive in drives for part in (drive / bucket / key).glob("*/part.1"))


def flip(shard: Path) -> None:
    """Turns one bit in the middle of a file."""
    with shard.open("r+b") as file:
        file.seek(shard.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


def held(drives: list[Path], bucket: str, key: str) -> dict[Path, bytes]:
    """Everything that all drives hold of an object."""
    return {shard: shard.read_bytes() for shard in shards(drives, bucket, key)}
