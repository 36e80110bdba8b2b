"""Storage as whoever verifies it sees it: what folders there are, what an object's bytes are."""

import hashlib
from collections.abc import Iterator

from storage.endpoint import Ability
from storage.errors import ObjectMissing, StorageError, translated
from storage.listing import answers, folders
from storage.objects import Objects

CHUNK = 8 << 20
"""Bytes of one read: what is verified at once of an object, however large that is."""


class Inspector(Objects):
    """The objects of one access key, with the questions that only verifying asks. All may raise as Objects do."""

    def buckets(self) -> list[str]:
        """All buckets that the key may see."""
        with translated("the list of buckets"):
            return [bucket.name for bucket in self._client.list_buckets()]

    def folders(self, bucket: str, prefix: str) -> Iterator[str]:
        """The prefixes directly below `prefix` (empty, or ending in "/"), each ending in "/", in the order of bytes.

        Source: CommonPrefixes of ListObjectVersions in the Amazon S3 API reference. Versions are asked for, since a
        folder of which only delete markers are left is one too.
        """
        pages = answers(self._transport, bucket, prefix, self._endpoint.versioned(bucket), "/")
        found = (name for page in pages for name in folders(page, self._endpoint, bucket))
        yield from found if Ability.ORDERED in self._endpoint.abilities else sorted(found)

    def holds(self, bucket: str, key: str, version_id: str) -> bool:
        """Whether there is this version or delete marker; with an empty id, an object in a bucket without versions."""
        try:
            self._transport.send("HEAD", bucket, key, {"versionId": version_id} if version_id else {})
        except ObjectMissing as missing:
            return bool(version_id) and missing.marker == version_id
        except StorageError as error:
            if _is_marker(error):
                return True
            raise
        return True

    def sha256(self, bucket: str, key: str, version_id: str, size: int) -> str:
        """The SHA-256 (hex) of the `size` bytes of an object, read in pieces of CHUNK. Raises ObjectMissing."""
        digest = hashlib.sha256()
        for piece in self.pieces(bucket, key, version_id, size):
            digest.update(piece)
        return digest.hexdigest()

    def pieces(self, bucket: str, key: str, version_id: str, size: int, chunk: int = CHUNK) -> Iterator[bytes]:
        """The `size` bytes of an object, `chunk` at a time. Raises ObjectMissing."""
        query = {"versionId": version_id} if version_id else {}
        for start in range(0, size, chunk):
            piece = {"Range": f"bytes={start}-{min(start + chunk, size) - 1}"}
            yield self._transport.send("GET", bucket, key, query, piece).data


def _is_marker(error: StorageError) -> bool:
    """A delete marker named by its id can't be read: 405 ("Working with delete markers", Amazon S3 user guide)."""
    return " 405 " in f"{error} "
