"""Listings: a thousand entries at a time, in the order the server gives them.

minio-py gives the delete markers of a page after all its versions; whoever merges a listing with another sorted stream
needs the order of the server, which is that of the keys' bytes.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from storage.endpoint import Endpoint
from storage.transport import Transport

_SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True, slots=True)
class Stat:
    """One version of one object."""

    key: str
    version_id: str
    """Empty where the bucket has no versions."""
    size: int
    """Bytes."""
    etag: str
    modified: datetime
    marker: bool = False
    """A delete marker, which has no bytes; only a listing with versions shows them."""


def pages(transport: Transport, bucket: str, prefix: str, versions: bool) -> Iterator[list[Stat]]:
    """The entries whose key begins with `prefix`, page by page; with `versions` all of each key, the newest first.

    Source: ListObjectsV2 and ListObjectVersions in the Amazon S3 API reference.
    """
    for page in answers(transport, bucket, prefix, versions):
        found = entries(page, transport.endpoint, bucket)
        # Elsewhere an answer may have its delete markers before all its versions.
        yield sorted(found, key=lambda stat: stat.key) if versions and not transport.endpoint.own else found


def entries(page: ET.Element, endpoint: Endpoint, bucket: str) -> list[Stat]:
    """The objects, versions and delete markers in one answer to a listing."""
    found = [_stat(entry, endpoint, bucket) for entry in page if entry.tag in _ENTRIES]
    # Some show an emptied folder as an object for a while.
    return found if endpoint.own else [stat for stat in found if not stat.key.endswith("/")]


def folders(page: ET.Element, endpoint: Endpoint, bucket: str) -> list[str]:
    """The prefixes in one answer to a listing with a delimiter."""
    found = (entry.findtext(f"{_SPACE}Prefix") or "" for entry in page.iterfind(f"{_SPACE}CommonPrefixes"))
    return [endpoint.ours(bucket, unquote_plus(prefix)) for prefix in found]


def answers(
    transport: Transport, bucket: str, prefix: str, versions: bool, delimiter: str = ""
) -> Iterator[ET.Element]:
    """The server's answers to one listing, a thousand entries each."""
    # The server decides by delimiter and prefix whether a key may list.
    stored = transport.endpoint.key_of(bucket, prefix)
    query = {"prefix": stored, "delimiter": delimiter, "max-keys": "1000", "encoding-type": "url"}
    query |= {"versions": ""} if versions else {"list-type": "2"}
    while True:
        page = ET.fromstring(transport.send("GET", bucket, "", query).data)
        yield page
        if page.findtext(f"{_SPACE}IsTruncated") != "true":
            return
        if versions:
            query["key-marker"] = unquote_plus(_text(page, "NextKeyMarker"))
            query["version-id-marker"] = _text(page, "NextVersionIdMarker")
        else:
            query["continuation-token"] = _text(page, "NextContinuationToken")


_ENTRIES = frozenset(f"{_SPACE}{name}" for name in ("Contents", "Version", "DeleteMarker"))


def _stat(entry: ET.Element, endpoint: Endpoint, bucket: str) -> Stat:
    version_id = _text(entry, "VersionId")
    return Stat(
        key=endpoint.ours(bucket, unquote_plus(_text(entry, "Key"))),
        # A bucket without versions calls its only one "null".
        version_id="" if version_id == "null" else version_id,
        size=int(_text(entry, "Size") or 0),
        etag=_text(entry, "ETag").strip('"'),
        modified=datetime.fromisoformat(_text(entry, "LastModified")),
        marker=entry.tag == f"{_SPACE}DeleteMarker",
    )


def _text(element: ET.Element, name: str) -> str:
    return element.findtext(f"{_SPACE}{name}") or ""
