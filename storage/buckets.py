"""One bucket that is somebody else's, as a key of its own sees it: nothing is written over what others put there.

Source: the Amazon S3 API reference; conditional requests: "Add preconditions to S3 operations" in its user guide. What
our own server makes of these was tried: it holds writes and the ends of uploads in parts to them, copies and deletions
not. So a copy is made in parts here, and a deletion looks first.
"""

import hashlib
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode

from urllib3 import BaseHTTPResponse

from storage.endpoint import Endpoint
from storage.errors import ObjectMissing, StorageError
from storage.keys import Key
from storage.listing import Stat, entries, pages
from storage.parts import MIB
from storage.transport import Transport, pool

SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
SECONDS = 120.0  # for one answer: a part that is copied has to be read and written before it comes
COPIED = 512 * MIB  # bytes of a part that the server copies; it takes ten thousand
SENT = 5 << 30  # bytes that one request may send: beyond, parts are sent
SENT_PART = 64 * MIB
ABSENT = {"If-None-Match": "*"}
"""Only where nothing is there yet."""

_KEPT = frozenset(
    {
        *("content-type", "content-disposition", "content-encoding", "content-language", "cache-control", "expires"),
        "x-amz-storage-class",
    }
)
_NO_BODY = hashlib.sha256(b"").hexdigest()
_CONDITION = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_LAST = "\U0010ffff"  # sorts behind all that a key can go on with


class Changed(StorageError):
    """Something else is there than was meant; nothing was written."""


@dataclass(frozen=True, slots=True)
class Head:
    """One object. version_id: empty where the bucket keeps none; size: bytes; headers: what it is given out with, and
    what its owner noted (x-amz-meta-…), as they are sent to store another one alike.
    """

    key: str
    version_id: str
    size: int
    etag: str
    modified: datetime
    headers: Mapping[str, str]

    @property
    def still(self) -> dict[str, str]:
        """A condition: only while it is this one."""
        return {"If-Match": f'"{self.etag}"'}


class Bucket:
    """The bucket `name`. Thread-safe. Every method raises StorageError, StorageUnavailable where that may pass.

    An answer is waited for `seconds` at most.
    """

    def __init__(self, endpoint: Endpoint, name: str, key: Key, seconds: float = SECONDS) -> None:
        self.name, self._endpoint = name, endpoint
        self._transport = Transport(endpoint, key.access, key.secret, pool(seconds))

    def list(self, prefix: str, hidden: str | None = None) -> Iterator[Stat]:
        """All whose key begins with `prefix`, in the order of their keys, a thousand at a time; none below `hidden`."""
        query = {"list-type": "2", "prefix": prefix, "max-keys": "1000", "encoding-type": "url"}
        while True:
            page = ET.fromstring(self._send("GET", "", query).data)
            found = entries(page, self._endpoint, self.name)
            yield from (stat for stat in found if not hidden or not stat.key.startswith(hidden))
            if page.findtext(f"{SPACE}IsTruncated") != "true" or not found:
                return
            last = found[-1].key
            query["start-after"] = hidden + _LAST if hidden and last.startswith(hidden) else last

    def head(self, key: str) -> Head | None:
        """The newest version; None where there is none."""
        try:
            answer = self._send("HEAD", key)
        except ObjectMissing:
            return None
        version = answer.headers.get("x-amz-version-id", "")
        size, modified = int(answer.headers["content-length"]), parsedate_to_datetime(answer.headers["last-modified"])
        return Head(key, "" if version == "null" else version, size, _etag(answer), modified, _told(answer))

    def tags(self, head: Head) -> dict[str, str]:
        """The tags of an object as a header that gives another one the same; empty where it has none."""
        page = ET.fromstring(self._send("GET", head.key, {"tagging": ""} | _named(head)).data)
        # Our own server names no namespace here.
        found = [(one.findtext("{*}Key") or "", one.findtext("{*}Value") or "") for one in page.iterfind(".//{*}Tag")]
        return {"x-amz-tagging": urlencode(found, quote_via=quote)} if found else {}

    def part_of(self, head: Head, first: int, size: int) -> bytes:
        """`size` bytes from `first` on, fewer at its end. Raises ObjectMissing and Changed."""
        headers = {"Range": f"bytes={first}-{first + size - 1}"} | head.still
        return self._send("GET", head.key, _named(head), headers).data

    def pieces(self, head: Head) -> Iterator[bytes]:
        """All its bytes, a MiB at a time. Raises ObjectMissing, and Changed where another one is there by now."""
        with self._transport.reading(self.name, head.key, _named(head)) as answer:
            if _etag(answer) != head.etag:
                raise Changed(f"GET {self.name}/{head.key}: another object is there by now")
            yield from answer.stream(MIB)

    def digest(self, head: Head) -> str:
        """The SHA-256 (hex) of its bytes. Raises likewise."""
        made = hashlib.sha256()
        for piece in self.pieces(head):
            made.update(piece)
        return made.hexdigest()

    def put(self, key: str, data: bytes, only: Mapping[str, str], headers: Mapping[str, str] | None = None) -> str:
        """Stores these bytes; their ETag. only: a condition. Raises Changed where that is not met.

        Under a condition it is asked once: else what is sent again could find what it has put there itself.
        """
        told, sha256 = {**(headers or {}), **only, "Content-Length": str(len(data))}, hashlib.sha256(data).hexdigest()
        return _etag(self._send("PUT", key, None, told, _once(data) if only else data, sha256))

    def put_file(
        self, key: str, descriptor: int, sha256: str, headers: Mapping[str, str], only: Mapping[str, str]
    ) -> None:
        """The same of an open file, of which no more than a part is in memory; the server checks what it gets.
        It is asked once as well.
        """
        size = os.fstat(descriptor).st_size

        def sent(query: Mapping[str, str], first: int, length: int) -> str:
            data = os.pread(descriptor, length, first)
            return _etag(self._send("PUT", key, query, None, data, hashlib.sha256(data).hexdigest()))

        if size > SENT:
            self._in_parts(key, headers, only, size, SENT_PART, sent)
            return
        pieces = _read(descriptor)
        self._send("PUT", key, None, {**headers, **only, "Content-Length": str(size)}, pieces, sha256)

    def copy(self, source: Head, key: str, headers: Mapping[str, str], only: Mapping[str, str]) -> None:
        """Has the server copy an object, of any size. Raises Changed, also where the source is another one by now."""
        where = self._endpoint.path(self.name, source.key) + ("?" + urlencode(_named(source)) if _named(source) else "")
        named = {"x-amz-copy-source": where, "x-amz-copy-source-if-match": f'"{source.etag}"'}

        def copied(query: Mapping[str, str], first: int, length: int) -> str:
            span = {"x-amz-copy-source-range": f"bytes={first}-{first + length - 1}"}
            page = ET.fromstring(self._send("PUT", key, query, named | span).data)
            return page.findtext(f"{SPACE}ETag") or ""

        self._in_parts(key, headers, only, source.size, COPIED, copied)

    def delete(self, head: Head) -> None:
        """Takes an object away, if it is still this one; a bucket with versions keeps what it was. Raises Changed.

        Where there are neither versions nor conditional deletions, what is written between the look and the deletion,
        a millisecond, is lost.
        """
        now = self.head(head.key)
        if now is None:
            return
        if (now.etag, now.version_id) != (head.etag, head.version_id):
            raise Changed(f"DELETE {self.name}/{head.key}: another object is there by now")
        self._send("DELETE", head.key, None, head.still)

    def delete_version(self, key: str, version_id: str) -> None:
        """Takes one version away for good."""
        self._send("DELETE", key, {"versionId": version_id})

    def purge(self, prefix: str) -> None:
        """Takes all versions of all that begins with `prefix` away for good."""
        for page in pages(self._transport, self.name, prefix, versions=True):
            for stat in page:
                self.delete_version(stat.key, stat.version_id or "null")

    def may_write(self, key: str) -> None:
        """Tries it. Raises StorageError where this access key may not write, or not delete."""
        self.put(key, b"", {})
        self.purge(key)

    def _in_parts(
        self,
        key: str,
        headers: Mapping[str, str],
        only: Mapping[str, str],
        size: int,
        part: int,
        stored: Callable[[Mapping[str, str], int, int], str],
    ) -> None:
        """stored: has one part stored, of an upload, from a byte on, of a length; its ETag."""
        page = ET.fromstring(self._send("POST", key, {"uploads": ""}, headers).data)
        upload = page.findtext(f"{SPACE}UploadId") or ""
        try:
            etags = [
                stored({"partNumber": str(number), "uploadId": upload}, first, min(part, size - first))
                for number, first in enumerate(range(0, size, part), 1)
            ]
            self._complete(key, upload, etags, only)
        except BaseException:
            with suppress(StorageError):
                self._send("DELETE", key, {"uploadId": upload})
            raise

    def _complete(self, key: str, upload: str, etags: Sequence[str], only: Mapping[str, str]) -> None:
        root = ET.Element("CompleteMultipartUpload", xmlns=SPACE.strip("{}"))
        for number, etag in enumerate(etags, 1):
            part = ET.SubElement(root, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = etag
        body = ET.tostring(root)
        told, sha256 = {**only, "Content-Length": str(len(body))}, hashlib.sha256(body).hexdigest()
        answer = self._send("POST", key, {"uploadId": upload}, told, _once(body), sha256)
        if not answer.data or not ET.fromstring(answer.data).tag.endswith("CompleteMultipartUploadResult"):
            raise StorageError(f"POST {self.name}/{key}: the parts were not put together")  # it may begin with 200

    def _send(
        self,
        method: str,
        key: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Generator[bytes, None, None] | None = None,
        sha256: str = _NO_BODY,
    ) -> BaseHTTPResponse:
        try:
            return self._transport.send(method, self.name, key, query, headers, body, sha256)
        except StorageError as error:
            # What is to be replaced under a condition and is gone is another one as well.
            gone = isinstance(error, ObjectMissing) and "If-Match" in (headers or {}) and method != "GET"
            if error.code in _CONDITION or gone:
                raise Changed(str(error)) from error
            raise


def _once(data: bytes) -> Generator[bytes, None, None]:
    yield data


def _read(descriptor: int) -> Generator[bytes, None, None]:
    at = 0
    while piece := os.pread(descriptor, MIB, at):
        at += len(piece)
        yield piece


def _named(head: Head) -> dict[str, str]:
    return {"versionId": head.version_id} if head.version_id else {}


def _etag(answer: BaseHTTPResponse) -> str:
    return answer.headers.get("etag", "").strip('"')


def _told(answer: BaseHTTPResponse) -> dict[str, str]:
    """Its headers that are kept."""
    found = {name.lower(): value for name, value in answer.headers.items()}
    return {name: value for name, value in found.items() if name in _KEPT or name.startswith("x-amz-meta-")}
