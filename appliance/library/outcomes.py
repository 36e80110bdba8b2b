"""What can be said of one file of a library: values, so that no file ends the work on the others."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from processors.video.codec import Codec
from processors.video.facts import VideoFacts
from processors.video.keeping.inventory import Inventory


class Why(StrEnum):
    """Why a file, or a folder, is left as it is. STUCK: for now, as a plug-in hangs that is to be asked."""

    LINK = "link"
    LOOP = "loop"
    OTHER_FILE_SYSTEM = "other_file_system"
    SPECIAL = "special"
    EMPTY = "empty"
    UNSETTLED = "unsettled"
    HARD_LINKS = "hard_links"
    SIZE = "size"
    AGE = "age"
    REFUSED = "refused"
    PROBE_FAILED = "probe_failed"
    LENGTH = "length"
    CODEC = "codec"
    CONTAINER = "container"
    LINES = "lines"
    BIT_RATE = "bit_rate"
    LOSS = "loss"
    SAVING = "saving"
    ELSEWHERE = "elsewhere"
    PLUGIN = "plugin"
    STUCK = "stuck"
    TOO_LONG = "too_long"


class Found(NamedTuple):
    """A file, or an object of a bucket, with a wanted extension. size: bytes; mtime_ns: since 1970; links: names that
    it has; etag: of an object.
    """

    path: str
    size: int
    mtime_ns: int
    links: int = 1
    inode: int = 0
    etag: str = ""

    @property
    def version(self) -> str:
        """Other bytes have another one."""
        return f"{self.etag}-{self.size}" if self.etag else f"{self.inode}-{self.size}-{self.mtime_ns}"


class Looked(NamedTuple):
    """What a file says of itself; found: by what its file system says of it."""

    facts: VideoFacts
    inventory: Inventory
    found: Found = Found("", 0, 0)


class Unreadable(NamedTuple):
    """A folder or file that could not be read, or has vanished meanwhile. reason: of the system, for people."""

    path: str
    reason: str


class Skip(NamedTuple):
    """It stays as it is. reason: for people; cpu_seconds: by estimate, of what would take too long."""

    why: Why
    reason: str
    cpu_seconds: float | None = None


class PassedOver(NamedTuple):
    """A folder or file that was not even looked at."""

    path: str
    skip: Skip


@dataclass(frozen=True, slots=True)
class Transcode:
    """It would be made anew. width, height: pixels; before, after: bytes, the latter and cpu_seconds by estimate.

    reason: for people.
    """

    codec: Codec
    container: str
    width: int
    height: int
    before: int
    after: int
    cpu_seconds: float
    reason: str

    @property
    def saving(self) -> int:
        """Bytes."""
        return self.before - self.after

    @property
    def saving_per_cpu_hour(self) -> float:
        """Bytes, by which files are put in order: what frees the most for the work is first."""
        return self.saving / self.cpu_seconds * 3600
