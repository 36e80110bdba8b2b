"""Uploads in parts that were begun and not ended: their parts take up room and are in no listing."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from storage.errors import StorageError
from storage.objects import Objects

_SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One upload in parts."""

    key: str
    upload_id: str
    began: datetime


class Multiparts(Objects):
    """Unfinished uploads, for an access key that may list and abort them. Raises as Objects do."""

    def unfinished(self, bucket: str, key: str = "") -> list[Unfinished]:
        """Those of exactly `key`, at most a thousand; with "" those of all keys, begun since the server started.

        Source: ListMultipartUploads in the Amazon S3 API reference. This server knows no prefixes here.
        """
        query = {
            "uploads": "",
            "prefix": self._endpoint.key_of(bucket, key),
            "max-uploads": "1000",
            "encoding-type": "url",
        }
        page = ET.fromstring(self._transport.send("GET", bucket, "", query).data)
        return [
            Unfinished(
                self._endpoint.ours(bucket, unquote_plus(_text(entry, "Key"))),
                _text(entry, "UploadId"),
                _time(_text(entry, "Initiated")),
            )
            for entry in page.iterfind(f"{_SPACE}Upload")
            if self._endpoint.own or not key or self._endpoint.key_of(bucket, key) == unquote_plus(_text(entry, "Key"))
        ]

    def abort(self, bucket: str, upload: Unfinished) -> bool:
        """Removes what was sent of it; False if it had ended meanwhile."""
        try:
            self._transport.send("DELETE", bucket, upload.key, {"uploadId": upload.upload_id})
        except StorageError as error:
            if "NoSuchUpload" in str(error):
                return False
            raise
        return True


def _text(entry: ET.Element, name: str) -> str:
    return entry.findtext(f"{_SPACE}{name}") or ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
