"""Why nothing was done with a file: values, so that no file ends the work on the others."""

import errno
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Hindrance(StrEnum):
    """CHANGED: another file is there than was meant. IN_USE: somebody writes to it. HARD_LINKS: it has other names.
    OCCUPIED: the name is taken. SAME: nothing would change. OWNER: its owner could not read it any more. PLACE: nothing
    can be kept there. GONE: the original is not kept any more. DAMAGED: what is kept is not what was put there. BUSY:
    other work on it is under way. AWAY: what it lies on gives no answer. FULL: there is no
    room on it. FAILED: the system said so.
    """

    CHANGED = "changed"
    IN_USE = "in_use"
    HARD_LINKS = "hard_links"
    OCCUPIED = "occupied"
    SAME = "same"
    OWNER = "owner"
    PLACE = "place"
    GONE = "gone"
    DAMAGED = "damaged"
    BUSY = "busy"
    AWAY = "away"
    FULL = "full"
    FAILED = "failed"


class NotDone(NamedTuple):
    """All is as it was. reason: for people; asset: where it is not clear from what was asked."""

    why: Hindrance
    reason: str
    asset: UUID | None = None


class NoRoom(NamedTuple):
    """Too little is free. All in bytes: needed for the file, least_free to be left to others, free now, in `where`."""

    needed: int
    least_free: int
    free: int
    where: str

    @property
    def reason(self) -> str:
        """For people."""
        return (
            f"{self.needed:,} bytes are needed, and {self.least_free:,} are left to others; "
            f"{self.free:,} are free in {self.where}"
        )


class Stop(Exception):
    """Ends a list of steps; what it has done is taken back."""

    def __init__(self, why: Hindrance, reason: str) -> None:
        super().__init__(reason)
        self.what = NotDone(why, reason)


def busy(asset: UUID | None = None) -> NotDone:
    """Somebody else has the lock of an asset."""
    return NotDone(Hindrance.BUSY, "other work on it is under way", asset)


def failed(error: OSError, asset: UUID | None = None) -> NotDone:
    """What the system said. That it has no room is no fault of the file's."""
    why = Hindrance.FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else Hindrance.FAILED
    return NotDone(why, error.strerror or type(error).__name__, asset)
