"""What is on a device: signatures by blkid(8), and bytes that no signature is known for."""

import os
from collections.abc import Iterator

from ops.disks.devices import SWAP, Device
from ops.disks.system import run

SAMPLE = 1 << 20
EDGE = 16 * SAMPLE
"""Both ends are read whole: there file systems, volume managers and RAID keep what they are known by."""
SAMPLES = 64
BYTES = "bytes that are not zero"
NOTHING, AMBIVALENT = 2, 8
"""Exit codes of blkid."""


def in_use(device: Device) -> str:
    """Why the device can't be given away, whatever is asked for; "" if it can."""
    if device.read_only:
        return "it is read-only"
    if device.mounted:
        place = min(device.mounted, key=len)
        return "it is swapped to" if place == SWAP else f"it is mounted at {place}"
    for part in device.below:
        if part.kind != "part":
            return f"it is a part of {part.path} ({part.kind})"
        if part.below:
            return f"{part.path} is a part of {part.below[0].path} ({part.below[0].kind})"
    return _held(device.path)


def _held(path: str) -> str:
    """The kernel refuses a second exclusive user, also where mounts are seen by other processes only."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL))
    except OSError as error:
        return f"it can't be had alone: {error.strerror}"
    return ""


def holds(device: Device) -> str:
    """What is on the device; "" if it is empty. Raises ToolFailed or OSError."""
    parts = [part for part in device.below if part.kind == "part"]
    if parts:
        return f"{len(parts)} partition{'s' if len(parts) > 1 else ''}"
    told = run("blkid", "--probe", "--output", "export", device.path, well=(0, NOTHING, AMBIVALENT))
    return named(told) or (BYTES if _written(device) else "")


def named(told: str) -> str:
    """What blkid's `export` output means in words: a partition table, or a file system with its label and UUID."""
    pairs = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    if table := pairs.get("PTTYPE"):
        return f"a partition table ({table})"
    if not (kind := pairs.get("TYPE")):
        return ""
    label = f" named {pairs['LABEL']}" if "LABEL" in pairs else ""
    return f"{kind}{label}" + (f", UUID {pairs['UUID']}" if "UUID" in pairs else "")


def _written(device: Device) -> bool:
    """Whether anything but zeros is at both ends, or in samples spread evenly between them."""
    nothing = bytes(SAMPLE)
    handle = os.open(device.path, os.O_RDONLY)
    try:
        for offset in places(device.size):
            got = os.pread(handle, min(SAMPLE, device.size - offset), offset)
            if got != nothing[: len(got)]:
                return True
    finally:
        os.close(handle)
    return False


def places(size: int) -> Iterator[int]:
    last = max(0, size - EDGE)
    yield from range(0, min(EDGE, size), SAMPLE)
    yield from range(EDGE, last, max(SAMPLE, last // SAMPLES))
    yield from range(max(EDGE, last), size, SAMPLE)
