"""The two sides that are compared, and what may be wrong between them."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from storage import layout
from storage.objects import Stat


class Reference(NamedTuple):
    """An object version that the ledger refers to. `size` in bytes; `required`: it must be there."""

    asset: UUID
    bucket: str
    key: str
    version_id: str
    size: int
    sha256: str | None
    required: bool
    etag: str = ""

    def replaced_by(self, etag: str) -> bool:
        """Whether other bytes have come under this name: only where no version is pinned can that be."""
        return bool(self.etag) and not self.version_id and self.etag != etag


class Kind(StrEnum):
    """What can be wrong with an object version."""

    UNEXPLAINED = "unexplained"  # nothing in the ledger refers to it, and its key names no asset
    LEFT_OVER = "left over"  # the same of an asset there is: by a worker that lost its lease, or a form sent again
    LATE = "late"  # left over, and its asset would still take it: the upload of a slot that nobody looks for any more
    MISSING = "missing"  # the ledger refers to it, storage does not hold it
    DAMAGED = "damaged"  # it is there, but its size or its bytes are others


UNREFERRED = (Kind.UNEXPLAINED, Kind.LEFT_OVER, Kind.LATE)
"""Kinds of what storage holds and the ledger does not refer to."""


class Difference(NamedTuple):
    """One object version that is wrong. `stat` is what storage holds, `reference` what the ledger says."""

    kind: Kind
    bucket: str
    key: str
    version_id: str
    stat: Stat | None = None
    reference: Reference | None = None
    detail: str = ""


class Name(NamedTuple):
    """What a key says: the asset and, in `versions`, the last part. Nil and empty for a key that no asset has."""

    asset: UUID
    file: str
    place: layout.Place | None


NO_ASSET = UUID(int=0)


def named(bucket: str, key: str) -> Name:
    """The name behind any key of either bucket."""
    original, _, file = key.rpartition("/") if bucket == layout.VERSIONS else (key, "", "")
    place = layout.parse_original(original)
    return Name(place.asset_id, file, place) if place else Name(NO_ASSET, "", None)
