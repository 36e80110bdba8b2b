"""A file sent in parts: how it is cut, links that let a client send one part each, and what storage has of it.

Source: "Uploading and copying objects using multipart upload" and ListParts in the Amazon S3 documentation.
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.endpoint import OWN, Endpoint
from storage.errors import StorageError
from storage.layout import ORIGINALS
from storage.signing import Body, Signer
from storage.streaming import SPACE, Writer

MIB = 1 << 20
LEAST = 8 * MIB
"""Bytes of a part at least; storage asks for 5 MiB, but for the last."""
MOST_PARTS = 10_000
_HANDY_PARTS = 1000  # one listing has so many
_HANDY = 64 * MIB  # what is lost with a connection, and sent again


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file of `size` bytes is cut: each part has `part_size` bytes, the last what is left. They count from 1."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        return -(-self.size // self.part_size)

    def length(self, number: int) -> int:
        """Bytes of one part. Raises ValueError for a number that no part has."""
        if not 1 <= number <= self.count:
            raise ValueError(f"there is no part {number}")
        return min(self.part_size, self.size - self.offset(number))

    def offset(self, number: int) -> int:
        return (number - 1) * self.part_size


def plan(size: int) -> Plan:
    """A thousand parts, or as few as need no more than 64 MiB each; ten thousand where even that is too little."""
    handy = min(_HANDY, _share(size, _HANDY_PARTS))
    return Plan(size, max(LEAST, handy, _share(size, MOST_PARTS)))


def _share(size: int, parts: int) -> int:
    """Whole MiB of which `parts` are enough."""
    return -(-size // (parts * MIB)) * MIB


@dataclass(frozen=True, slots=True)
class Part:
    """One part that storage has. `size` in bytes."""

    number: int
    size: int
    etag: str


class PartLinks:
    """Makes links that store one part each, and nothing but the bytes that were signed. Thread-safe, no I/O."""

    def __init__(self, access_key: str, secret_key: str, endpoint: Endpoint = OWN) -> None:
        self._signer = Signer(access_key, secret_key, endpoint.region)
        self._endpoint = endpoint

    def link(self, key: str, upload: str, number: int, body: Body, seconds: int, now: datetime | None = None) -> str:
        """The path and query to PUT part `number` of `upload` to, as often as wanted within `seconds` from `now`.

        Storage refuses another length (403) and other bytes (400).
        """
        endpoint, query = self._endpoint, {"partNumber": str(number), "uploadId": upload}
        path = endpoint.path(ORIGINALS, key)
        signed = self._signer.presign(
            "PUT", endpoint.signing_host, path, query, now or datetime.now(UTC), seconds, body
        )
        return f"/{ORIGINALS}/{key}?{signed}"


class PartWriter(Writer):
    """Uploads whose parts come from somewhere else. Raises as Objects do."""

    def listed(self, bucket: str, key: str, upload: str) -> list[Part] | None:
        """The parts that are there, in order; None if there is no such upload (any more)."""
        found: list[Part] = []
        query = {"uploadId": upload, "max-parts": "1000"}
        try:
            while True:
                page = ET.fromstring(self._transport.send("GET", bucket, key, query).data)
                found += [_part(entry) for entry in page.iterfind(f"{SPACE}Part")]
                if page.findtext(f"{SPACE}IsTruncated") != "true":
                    return found
                query["part-number-marker"] = page.findtext(f"{SPACE}NextPartNumberMarker") or ""
        except StorageError as error:
            if error.code == "NoSuchUpload":
                return None
            raise

    def knows(self, bucket: str, key: str, upload: str) -> bool:
        """Whether there is such an upload (still)."""
        try:
            self._transport.send("GET", bucket, key, {"uploadId": upload, "max-parts": "1"})
        except StorageError as error:
            if error.code == "NoSuchUpload":
                return False
            raise
        return True

    def put_together(self, bucket: str, key: str, upload: str, parts: Sequence[Part]) -> bool:
        """Makes an object of these parts; False if there is no such upload (any more), since it was done before."""
        try:
            self.complete(bucket, key, upload, [part.etag for part in parts])
        except StorageError as error:
            if error.code == "NoSuchUpload":
                return False
            raise
        return True


def _part(entry: ET.Element) -> Part:
    told = {name: entry.findtext(f"{SPACE}{name}") or "" for name in ("PartNumber", "Size", "ETag")}
    return Part(int(told["PartNumber"]), int(told["Size"]), told["ETag"])
