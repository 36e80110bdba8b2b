"""Objects in storage, as the processes that hold a key see them. Synchronous and thread-safe."""

import hashlib
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from minio import Minio
from minio.deleteobjects import DeleteObject
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from storage.errors import ObjectMissing, StorageError, StorageUnavailable, of_answer, translated
from storage.listing import Stat, pages
from storage.signing import REGION
from storage.transport import Transport, pool

__all__ = ["ObjectMissing", "Objects", "Stat", "StorageError", "StorageUnavailable"]


class Objects:
    """The objects one access key may reach on the server at `url` (such as http://127.0.0.1:9000).

    An answer is waited for `seconds` at most; a request that found no server, or got a 5xx, is repeated twice, one that
    got no answer once. Every method raises StorageUnavailable where the server is gone, has no quorum or no space, and
    StorageError where it refuses.
    """

    def __init__(self, url: str, access_key: str, secret_key: str, seconds: float = 15.0) -> None:
        parts = urlsplit(url)
        self._url = url.rstrip("/")
        self._connections = pool(seconds)
        self._transport = Transport(url, access_key, secret_key, self._connections)
        self._client = Minio(
            parts.netloc,
            access_key,
            secret_key,
            secure=parts.scheme == "https",
            region=REGION,
            http_client=self._connections,
        )

    def head(self, bucket: str, key: str, version_id: str | None = None) -> Stat | None:
        """What is stored under `key`, the newest version where none is named; None if there is nothing or a marker."""
        try:
            return _stat(key, self._transport.send("HEAD", bucket, key, _version(version_id)))
        except ObjectMissing:
            return None

    def get(self, bucket: str, key: str, version_id: str | None = None) -> bytes:
        """All bytes of an object, the newest version where none is named. Raises ObjectMissing."""
        return self._transport.send("GET", bucket, key, _version(version_id)).data

    def put(
        self,
        bucket: str,
        key: str,
        data: bytes | bytearray | memoryview,
        content_type: str,
        reduced: bool = False,
        sha256: str | None = None,
    ) -> Stat:
        """Stores `data`; `reduced` with lower parity, for what can be made again.

        The server compares what it got with `sha256` (hex) before it answers; give it where it is known, it is computed
        otherwise.
        """
        headers = {"Content-Type": content_type}
        if reduced:
            headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY"
        digest = sha256 or hashlib.sha256(data).hexdigest()
        answer = self._transport.send("PUT", bucket, key, headers=headers, body=data, sha256=digest)
        return _stat(key, answer, size=memoryview(data).nbytes)

    def delete_version(self, bucket: str, key: str, version_id: str) -> None:
        """Removes one version, or one delete marker, for good. Nothing happens if it isn't there."""
        self._transport.send("DELETE", bucket, key, {"versionId": version_id or "null"})

    def purge(self, bucket: str, prefix: str) -> int:
        """Removes every version and delete marker of the key `prefix`, or, if it ends in "/", of all keys under it.

        Returns how many there were. It can be repeated, and has to be while forms for these keys are good.
        """
        removed = 0
        for page in pages(self._transport, bucket, prefix, versions=True):
            found = [
                DeleteObject(stat.key, stat.version_id or "null")
                for stat in page
                if prefix.endswith("/") or stat.key == prefix
            ]
            self._remove(bucket, found)
            removed += len(found)
        return removed

    def list(self, bucket: str, prefix: str, versions: bool = False) -> Iterator[Stat]:
        """All objects whose key begins with `prefix`, in the order of their keys' bytes; with `versions` all of each,
        the newest first, and delete markers. Asks for a thousand at a time, as it is read.
        """
        for page in pages(self._transport, bucket, prefix, versions):
            yield from page

    def _remove(self, bucket: str, found: Iterable[DeleteObject]) -> None:
        what = f"delete from {bucket}"
        with translated(what):
            for error in self._client.remove_objects(bucket, found):
                raise of_answer(403 if error.code == "AccessDenied" else 503, error.code, what)

    def healthy(self) -> bool:
        """Whether the server can write: it is there and has its write quorum. Needs no key, takes 2 seconds at most.

        The server looks at its drives about once a second, so it can say yes that long after they were lost.
        """
        url = f"{self._url}/minio/health/cluster"
        try:
            return self._connections.urlopen("GET", url, retries=False, timeout=2.0).status == 200
        except HTTPError:
            return False


def _version(version_id: str | None) -> dict[str, str]:
    return {"versionId": version_id} if version_id else {}


def _stat(key: str, answer: BaseHTTPResponse, size: int | None = None) -> Stat:
    headers = answer.headers
    return Stat(
        key=key,
        version_id=headers.get("x-amz-version-id", ""),
        size=int(headers.get("content-length", 0)) if size is None else size,
        etag=headers.get("etag", "").strip('"'),
        modified=parsedate_to_datetime(headers.get("last-modified") or headers["date"]),
    )
