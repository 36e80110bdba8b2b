"""Objects in storage, as the processes that hold a key see them. Synchronous and thread-safe."""

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO, NamedTuple

from minio import Minio
from minio.deleteobjects import DeleteObject
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from storage import drives
from storage.endpoint import Ability, Endpoint, endpoint
from storage.errors import (
    ObjectMissing,
    ObjectReplaced,
    StorageError,
    StorageUnavailable,
    of_answer,
    translated,
)
from storage.layout import MARK, VERSIONS
from storage.listing import Stat, pages
from storage.transport import Transport, pool
from storage.walking import walked

NOTICED_SECONDS = 2.5
"""After so long a server that lost drives says so; it looks at them about once a second."""
PIECE_BYTES = 1 << 20
MOST_VERSIONS = 20  # of one key, delete markers too: far more than the server lets a form make

_DRIVES = ("minio", "admin/v3/storageinfo")  # of the server's admin API: 2 ms

__all__ = ["ObjectMissing", "ObjectReplaced", "Objects", "Stat", "StorageError", "StorageUnavailable"]


class State(NamedTuple):
    """Whether the server has its write quorum, and its clock (in whole seconds); None where it gave no answer."""

    writable: bool
    at: datetime | None


class Objects:
    """The objects one access key may reach `at` an endpoint, or at a server of our own (such as http://127.0.0.1:9000).

    An answer is waited for `seconds` at most; a request that found no server, or got a 5xx, is repeated twice, one that
    got no answer once. Every method raises StorageUnavailable where the server is gone, has no quorum or no space, and
    StorageError where it refuses.
    """

    def __init__(self, at: str | Endpoint, access_key: str, secret_key: str, seconds: float = 15.0) -> None:
        self._endpoint = endpoint(at)
        self._connections = pool(seconds)
        self._transport = Transport(self._endpoint, access_key, secret_key, self._connections)
        self._client = Minio(
            self._endpoint.host,
            access_key,
            secret_key,
            secure=self._endpoint.secure,
            region=self._endpoint.region,
            http_client=self._connections,
        )

    def head(self, bucket: str, key: str, version_id: str | None = None) -> Stat | None:
        """What is stored under `key`, the newest version where none is named; None if there is nothing or a marker."""
        try:
            return _stat(key, self._transport.send("HEAD", bucket, key, _version(version_id)))
        except ObjectMissing:
            return None

    def get(self, bucket: str, key: str, version_id: str | None = None, etag: str = "") -> bytes:
        """All bytes of an object, the newest version where none is named. Raises ObjectMissing.

        Where there is no version to name, `etag` says which bytes are meant: ObjectReplaced for others.
        """
        answer = self._transport.send("GET", bucket, key, _version(version_id))
        if etag and not version_id and _etag(answer) != etag:
            raise ObjectReplaced(f"GET {bucket}/{key}: its ETag is not the one that was pinned")
        return answer.data

    def fetch(self, bucket: str, key: str, into: BinaryIO, version_id: str | None = None, etag: str = "") -> str:
        """Writes all bytes of an object to `into`, piece by piece. Gives their SHA-256 (hex). Raises as `get` does."""
        digest = hashlib.sha256()
        with self._transport.reading(bucket, key, _version(version_id)) as answer:
            if etag and not version_id and _etag(answer) != etag:
                raise ObjectReplaced(f"GET {bucket}/{key}: its ETag is not the one that was pinned")
            for piece in answer.stream(PIECE_BYTES):
                digest.update(piece)
                into.write(piece)
        return digest.hexdigest()

    def put_file(
        self, bucket: str, key: str, file: BinaryIO, content_type: str, sha256: str, reduced: bool = False
    ) -> Stat:
        """Stores all of an open file, which is never held as a whole; otherwise as `put` does. At most 5 GiB where
        storage is not our own server: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html.
        """
        size = os.fstat(file.fileno()).st_size
        headers = self._written(content_type, reduced) | {"Content-Length": str(size)}
        file.seek(0)
        return _stat(key, self._transport.send("PUT", bucket, key, headers=headers, body=file, sha256=sha256), size)

    def put_pieces(
        self, bucket: str, key: str, pieces: Generator[bytes, None, None], size: int, content_type: str, sha256: str
    ) -> None:
        """Stores what is read while it is sent: `size` bytes with this SHA-256 (hex), or nothing; with lower parity."""
        headers = self._written(content_type, True) | {"Content-Length": str(size)}
        self._transport.send("PUT", bucket, key, headers=headers, body=pieces, sha256=sha256)

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
        headers = self._written(content_type, reduced)
        digest = sha256 or hashlib.sha256(data).hexdigest()
        answer = self._transport.send("PUT", bucket, key, headers=headers, body=data, sha256=digest)
        return _stat(key, answer, size=memoryview(data).nbytes)

    def _written(self, content_type: str, reduced: bool) -> dict[str, str]:
        lower = reduced and Ability.REDUCED in self._endpoint.abilities
        return {"Content-Type": content_type} | ({"x-amz-storage-class": "REDUCED_REDUNDANCY"} if lower else {})

    def delete_version(self, bucket: str, key: str, version_id: str) -> None:
        """Removes one version, or one delete marker, for good. Nothing happens if it isn't there."""
        if version_id or self._endpoint.own:
            self._transport.send("DELETE", bucket, key, {"versionId": version_id or "null"})
        else:
            self._purge_listed(bucket, key)

    def purge(self, bucket: str, prefix: str) -> int:
        """Removes every version and delete marker of the key `prefix`, or, if it ends in "/", of all keys under it.

        Returns how many there were. It can be repeated, and has to be while forms for these keys are good.
        """
        if not prefix.endswith("/"):
            return self._purge_key(bucket, prefix)
        removed = 0
        for page in pages(self._transport, bucket, prefix, versions=self._endpoint.keeps_versions):
            self._remove(bucket, [self._named(bucket, stat) for stat in page])
            removed += len(page)
        return removed

    def _named(self, bucket: str, stat: Stat) -> DeleteObject:
        key = self._endpoint.key_of(bucket, stat.key)
        return DeleteObject(key, stat.version_id or "null") if self._endpoint.keeps_versions else DeleteObject(key)

    def _purge_key(self, bucket: str, key: str) -> int:
        """Takes the newest version away until there is none. A listing of one key reads the whole folder it is in."""
        if not self._endpoint.own:
            return self._purge_listed(bucket, key)
        for removed in range(MOST_VERSIONS):
            newest = self._newest(bucket, key)
            if newest is None:
                return removed
            self.delete_version(bucket, key, newest)
        raise StorageUnavailable(f"{bucket}/{key}: written while it was being deleted")

    def _purge_listed(self, bucket: str, key: str) -> int:
        """The same by a listing, which costs nothing elsewhere; what a HEAD says of delete markers differs there."""
        removed = 0
        for page in pages(self._transport, bucket, key, versions=self._endpoint.keeps_versions):
            for stat in page:
                if stat.key == key:
                    named = {"versionId": stat.version_id or "null"} if self._endpoint.keeps_versions else {}
                    self._transport.send("DELETE", bucket, key, named)
                    removed += 1
        return removed

    def _newest(self, bucket: str, key: str) -> str | None:
        """The id of the newest version or delete marker of a key, None if it has neither."""
        try:
            return self._transport.send("HEAD", bucket, key).headers.get("x-amz-version-id", "")
        except ObjectMissing as missing:
            return missing.marker or None

    def list(self, bucket: str, prefix: str, versions: bool = False) -> Iterator[Stat]:
        """All objects whose key begins with `prefix`, in the order of their keys' bytes; with `versions` all of each,
        the newest first, and delete markers. Asks for a thousand at a time, as it is read.
        """
        versions = versions and self._endpoint.versioned(bucket)
        if Ability.ORDERED not in self._endpoint.abilities:
            yield from walked(self._transport, bucket, prefix, versions)
            return
        for page in pages(self._transport, bucket, prefix, versions):
            yield from page

    def _remove(self, bucket: str, found: Iterable[DeleteObject]) -> None:
        what = f"delete from {bucket}"
        with translated(what):
            for error in self._client.remove_objects(self._endpoint.bucket_of(bucket), found):
                raise of_answer(403 if error.code == "AccessDenied" else 503, error.code, what)

    def healthy(self) -> bool:
        """Whether the server can write: it is there and has its write quorum; see `state`."""
        return self.state().writable

    def ready(self) -> bool:
        """Whether the server can write, and knows our key: on several hosts that is made while others start already.

        Any answer but that one will do, since not every key may ask for an object that is not there.
        """
        if not self.healthy():
            return False
        try:
            self._transport.send("GET", VERSIONS, "a-file-that-is-not-there", seconds=2.0)
        except StorageError as error:
            return error.code != "InvalidAccessKeyId"
        return True

    def whole(self) -> bool:
        """Whether the server's "there is no such object" may count: it can write, and has the drives to read it all.

        Drives that are being healed are online and lack what was not copied to them yet, which no answer to `healthy`
        shows. No answer is no, and so is a refusal: only the worker's key may ask.

        Of another S3 no more can be known than that it still has the mark which was set at the first start: not another
        bucket of the same name, nor an empty folder where its disk should be.
        """
        if not self.healthy():
            return False
        try:
            if not self._endpoint.own:
                return self.head("", MARK) is not None
            return drives.complete(json.loads(self._transport.send("GET", *_DRIVES).data))
        except StorageError:
            return False

    def state(self) -> State:
        """What the server says of itself. Needs no key, takes 2 seconds at most.

        It can say yes for NOTICED_SECONDS after drives were lost. Another S3 is asked for its bucket, with our key.
        """
        if not self._endpoint.own:
            return self._asked_for_bucket()
        url = f"{self._endpoint.url}/minio/health/cluster"
        try:
            answer = self._connections.urlopen("GET", url, retries=False, timeout=2.0)
        except HTTPError:
            return State(False, None)
        return State(answer.status == 200, _date(answer))

    def _asked_for_bucket(self) -> State:
        try:
            return State(True, _date(self._transport.send("HEAD", "", "", seconds=2.0)))
        except StorageError:
            return State(False, None)


def _version(version_id: str | None) -> dict[str, str]:
    return {"versionId": version_id} if version_id else {}


def _date(answer: BaseHTTPResponse) -> datetime | None:
    date = answer.headers.get("date")
    return parsedate_to_datetime(date) if date else None


def _etag(answer: BaseHTTPResponse) -> str:
    return answer.headers.get("etag", "").strip('"')


def _stat(key: str, answer: BaseHTTPResponse, size: int | None = None) -> Stat:
    headers = answer.headers
    return Stat(
        key=key,
        version_id=headers.get("x-amz-version-id", "").removeprefix("null"),
        size=int(headers.get("content-length", 0)) if size is None else size,
        etag=_etag(answer),
        modified=parsedate_to_datetime(headers.get("last-modified") or headers["date"]),
    )
