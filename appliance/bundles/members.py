"""What is in the bundle of a file, and by which names."""

from collections.abc import Iterator
from functools import partial

from appliance.bundles.archive import Member
from appliance.files.service import File
from storage import layout
from storage.inspection import Inspector

FOLDER = "versions"
PIECE = 1 << 20
"""Bytes read at once: a reader may be slow, and holds some of these all the time."""
COMPRESSED = ("image/", "video/", "audio/", "application/zip")
"""Content types of what would hardly become smaller."""


def members(objects: Inspector, found: File) -> Iterator[Member]:
    """The original under its own name, and its versions in a folder. Raises ValueError where it never came."""
    if found.original is None:
        raise ValueError("there are no bytes of this file")
    name, original = _safe(found.filename), found.original
    pieces = partial(objects.pieces, layout.ORIGINALS, original.key, original.version_id, original.size, PIECE)
    yield Member(name, original.size, _deflates(found.facts.get("content_type", "")), pieces)
    for version in sorted(found.versions, key=lambda one: str(one["name"])):
        key = layout.version_key(*found.place, version["name"], version["sha256"], version["extension"])
        pieces = partial(objects.pieces, layout.VERSIONS, key, "", version["bytes"], PIECE)
        within = f"{FOLDER}/{version['name']}.{version['extension']}"  # as storyboards and playlists name them
        yield Member(within, version["bytes"], _deflates(version["content_type"]), pieces)


def _safe(filename: str) -> str:
    """A name has no folders already; one of dots alone would be one where it is unpacked."""
    return filename if filename.strip(". ") else "file"


def _deflates(content_type: str) -> bool:
    return not content_type.startswith(COMPRESSED)
