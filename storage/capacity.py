"""What a layout holds, for how long, and what a stream of photos asks of its drives and cables. Pure.

Sizes are in bytes, rates in bytes a second, averaged over a day.
"""

from dataclasses import dataclass

from storage.topology import Layout

DAY_SECONDS = 86_400
FULL = 0.95
"""The share of a drive at which no new uploads are taken (DARKROOM_STORAGE_FREE_PERCENT is 5)."""
VERSIONS_SHARE = 0.26
"""Bytes of the four versions of a photo, of those of its original: of photos with 8 to 24 megapixels, 4.2 MB each."""
CPU_SECONDS = 0.155
"""Of all parts together for a photo of 4 MB: `./ops/bench ingest` prints it for this machine."""


@dataclass(frozen=True)
class Stream:
    """`photos` a day of `photo_bytes` each, with `version_bytes` of versions."""

    photos: float
    photo_bytes: float
    version_bytes: float

    @property
    def a_second(self) -> float:
        return self.photos / DAY_SECONDS


@dataclass(frozen=True)
class Demand:
    """What a stream takes at the average rate: bytes a second for each host's cable, each way, and for each drive; and
    how many processor cores of the whole are busy with it.
    """

    host_network: float
    drive_writes: float
    drive_reads: float
    cores: float


def overhead(drives: int, parity: int) -> float:
    """Bytes on drives for each byte stored."""
    return drives / (drives - parity)


def usable(layout: Layout, drive_bytes: int) -> int:
    """Bytes of originals that fit in, if there were nothing else, before new uploads are refused."""
    return int(_room(layout, drive_bytes) / overhead(layout.set_drives, layout.parity))


def stored(layout: Layout, stream: Stream) -> float:
    """Bytes on drives for one photo with its versions."""
    original = stream.photo_bytes * overhead(layout.set_drives, layout.parity)
    return original + stream.version_bytes * overhead(layout.set_drives, layout.reduced)


def days_until_full(layout: Layout, drive_bytes: int, stream: Stream) -> float:
    """From empty drives until new uploads are refused; infinite where nothing comes."""
    daily = stored(layout, stream) * stream.photos
    return _room(layout, drive_bytes) / daily if daily else float("inf")


def demand(layout: Layout, stream: Stream) -> Demand:
    """A form comes in and is spread; a worker reads the original and writes versions, which are spread as well.

    Of what is spread or gathered, a host's own share needs no cable. The work is taken to be even over all hosts.
    """
    abroad = (layout.hosts - 1) / layout.hosts
    original, versions = stream.photo_bytes, stream.version_bytes
    spread = abroad * stored(layout, stream)
    passed = original + original + versions + spread + abroad * original if layout.hosts > 1 else original
    drives = layout.hosts * layout.drives
    return Demand(
        host_network=stream.a_second * passed / layout.hosts,
        drive_writes=stream.a_second * stored(layout, stream) / drives,
        drive_reads=stream.a_second * original / drives,
        cores=stream.a_second * CPU_SECONDS * original / 4e6,
    )


def _room(layout: Layout, drive_bytes: int) -> float:
    return FULL * layout.hosts * layout.drives * drive_bytes
