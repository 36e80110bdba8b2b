"""What lies where, by content: inodes have other numbers after some mounts."""

import errno
from dataclasses import dataclass

from appliance.library.originals.identity import holds
from appliance.library.originals.records import ORIGINAL, Record
from appliance.library.originals.spots import Spot


def which(spot: Spot, record: Record) -> str | None:
    """Which of the two files lies there, by its SHA-256; None for neither. Raises OSError."""
    try:
        return holds(spot, record.original.known, record.made.known)
    except FileNotFoundError:
        return None


@dataclass
class Found:
    """What lies where. folder: None where it is gone. beside: each file beside the record, and which of the
    two it is by its SHA-256, if any.
    """

    record: Record
    kept: int
    own: int
    folder: int | None
    beside: dict[Spot, str | None]

    @property
    def one_name(self) -> bool:
        return self.record.old == self.record.new

    def is_old(self) -> bool:
        """Whether the original has its name."""
        return self._at(self.record.old) == self.record.original.sha256

    def is_new(self) -> bool:
        """Whether the new file has its name."""
        return self._at(self.record.new) == self.record.made.sha256

    def kept_original(self) -> Spot | None:
        """Where beside the record it lies; under its own name, if it has two."""
        found = [spot for spot, sha256 in self.beside.items() if sha256 == self.record.original.sha256]
        return min(found, key=lambda spot: spot.name != ORIGINAL, default=None)

    def strangers(self) -> list[Spot]:
        """What lies beside the record and is neither."""
        return [spot for spot, sha256 in self.beside.items() if sha256 is None]

    def spot(self, name: str) -> Spot:
        """In the folder of the original. Raises FileNotFoundError where it is gone."""
        if self.folder is None:
            raise FileNotFoundError(errno.ENOENT, "its folder is gone")
        return Spot(self.folder, name)

    def _at(self, name: str) -> str | None:
        return None if self.folder is None else which(self.spot(name), self.record)
