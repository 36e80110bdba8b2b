"""Writing an object whose size is not known yet, piece by piece, in memory for one part.

Source: "Uploading and copying objects using multipart upload" in the Amazon S3 user guide.
"""

import hashlib
import xml.etree.ElementTree as ET

from storage.errors import StorageError
from storage.objects import Objects

PART = 8 << 20
"""Bytes of a part: at least 5 MiB, and at most 10,000 parts make an object."""
TYPE = "application/octet-stream"  # nobody has looked at it yet

SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Stream:
    """One object being written. Nothing is there before `end`; who does not get so far has to call `abort`.

    Not for several threads at once. Every method raises as Objects do.
    """

    def __init__(self, objects: "Writer", bucket: str, key: str) -> None:
        self._objects, self._where = objects, (bucket, key)
        self._upload = ""
        self._parts: list[str] = []

    def part(self, data: bytes | bytearray) -> None:
        """The next PART bytes."""
        if not self._upload:
            self._upload = self._objects.begin(*self._where)
        self._parts.append(self._objects.part(*self._where, self._upload, len(self._parts) + 1, data))

    def end(self, data: bytes | bytearray) -> None:
        """The rest, of any size; then the object is there."""
        if not self._upload:
            self._objects.put(*self._where, data, TYPE)
            return
        if data:
            self.part(data)
        self._objects.complete(*self._where, self._upload, self._parts)
        self._upload = ""

    def abort(self) -> None:
        """Removes what was sent; nothing happens after `end`."""
        if self._upload:
            self._objects.abort_parts(*self._where, self._upload)
            self._upload = ""


class Writer(Objects):
    """Objects written in parts."""

    def begin(self, bucket: str, key: str) -> str:
        """The id of a new upload in parts."""
        answer = self._transport.send("POST", bucket, key, {"uploads": ""}, {"Content-Type": TYPE})
        found = ET.fromstring(answer.data).findtext(f"{SPACE}UploadId")
        if not found:
            raise StorageError(f"POST {bucket}/{key}: no upload id")
        return found

    def part(self, bucket: str, key: str, upload: str, number: int, data: bytes | bytearray) -> str:
        """Sends one part; its ETag, as it came."""
        query = {"partNumber": str(number), "uploadId": upload}
        digest = hashlib.sha256(data).hexdigest()
        answer = self._transport.send("PUT", bucket, key, query, body=data, sha256=digest)
        return str(answer.headers.get("etag", ""))

    def complete(self, bucket: str, key: str, upload: str, etags: list[str]) -> None:
        """Makes an object of the parts."""
        root = ET.Element("CompleteMultipartUpload", xmlns=SPACE.strip("{}"))
        for number, etag in enumerate(etags, 1):
            part = ET.SubElement(root, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = etag
        body = ET.tostring(root)
        digest = hashlib.sha256(body).hexdigest()
        answer = self._transport.send("POST", bucket, key, {"uploadId": upload}, body=body, sha256=digest)
        if not answer.data or not ET.fromstring(answer.data).tag.endswith("CompleteMultipartUploadResult"):
            # It may begin with 200 and end with an error.
            raise StorageError(f"POST {bucket}/{key}: the parts were not put together")

    def abort_parts(self, bucket: str, key: str, upload: str) -> None:
        """Ends an upload in parts that will not be completed."""
        self._transport.send("DELETE", bucket, key, {"uploadId": upload})
