"""The names of buckets and keys: the only place that knows them.

    originals   {root}/{owner}/{folder}/{yyyymmdd}/{asset_id}
    versions    {root}/{owner}/{folder}/{yyyymmdd}/{asset_id}/{version}.{sha12}.{extension}

An asset's id is a UUID of version 7, whose first 48 bits are the time it was made at; the day is taken from it, in UTC.
So a key follows from the row alone, and a folder holds one owner's one day: listing it costs what that day held. All
parts are of characters that need no encoding in a URL; a name given by a client is never one of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

ORIGINALS = "originals"
VERSIONS = "versions"

SIGNING_HOST = "storage.internal"
"""The host every link is signed for. The edge sets it upstream: one signature is good under every name of a machine."""

MARK = ".darkroom-mark"
"""In a bucket of somebody else's S3, beside all of ours: by it we know the bucket again."""
PROBES = ".darkroom-probe/"
"""Likewise, while it is found out at a start what that S3 can do."""

PROJECTS, USERS, CHATS, SYSTEM = "projects", "users", "chats", "system"
CHAT = "chat"
"""What a root may also be called in an address."""
APPLIANCE = "darkroom"
"""The one owner below SYSTEM: what belongs to nobody in particular."""

_OF_PEOPLE = ("images", "videos", "documents", "temporary", "bundles")
FOLDERS: Mapping[str, tuple[str, ...]] = {
    PROJECTS: _OF_PEOPLE,
    USERS: _OF_PEOPLE,
    CHATS: _OF_PEOPLE,
    SYSTEM: ("temporary", "bundles"),
}
"""Root → the folders that each owner below it has. To add one here is all that it takes; ./ops/folders check makes it
for owners that there are. Pictures are in `images`.
"""
ROOTS = frozenset(FOLDERS)
NAMES = frozenset(name for names in FOLDERS.values() for name in names)

RESERVED = frozenset(
    {
        *("images", "files", "projects", "users", "folders", "tokens", "tickets", "login", "notifications", "assets"),
        *("chats", CHAT, "profiles", "moderation", "hashtags", "words", "wallet"),
        *("webhooks", "cluster", "progress", "settings", "library", "admin"),
        *("healthz", "readyz", "metrics", "docs", "openapi.json", "web", "minio"),
    }
)
"""First path parts of the public origin that are not the storage's: no bucket behind the edge may have such a name."""

_OWNER = "[A-Za-z0-9][A-Za-z0-9_.~-]{0,127}"
_ASSET = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_VERSION = "[a-z0-9][a-z0-9_]{0,31}"
_EXTENSION = "[a-z0-9]{1,8}"
_KEY = f"(?:{'|'.join(sorted(ROOTS))})/{_OWNER}/(?:{'|'.join(sorted(NAMES))})/[0-9]{{8}}/{_ASSET}"

ORIGINAL_PATH = f"/{ORIGINALS}/{_KEY}"
"""The path of every original there can be, as a regular expression that Python and RE2 read alike."""
VERSION_PATH = f"/{VERSIONS}/{_KEY}/{_VERSION}[.][0-9a-f]{{12}}[.]{_EXTENSION}"
"""The path of every version there can be, likewise."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an original belongs, as its key says it."""

    root: str
    owner: str
    folder: str
    day: date
    asset_id: UUID


def original_key(root: str, owner: str, folder: str, asset_id: UUID) -> str:
    """The key of an asset's original in ORIGINALS. Raises ValueError for a part that can't be in a key."""
    return f"{day_prefix(root, owner, folder, day_of(asset_id))}{asset_id}"


def asset_prefix(root: str, owner: str, folder: str, asset_id: UUID) -> str:
    """The prefix in VERSIONS, ending in "/", under which all versions of one asset are, and nothing else."""
    return original_key(root, owner, folder, asset_id) + "/"


def version_key(root: str, owner: str, folder: str, asset_id: UUID, version: str, sha256: str, extension: str) -> str:
    """The key in VERSIONS of one version, whose bytes have the given SHA-256 (64 hex digits).

    The first 12 digits are in the name, so that whoever makes other bytes never overwrites these.
    """
    _check(_VERSION, version, "version")
    _check("[0-9a-f]{64}", sha256, "SHA-256")
    _check(_EXTENSION, extension, "extension")
    return f"{asset_prefix(root, owner, folder, asset_id)}{version}.{sha256[:12]}.{extension}"


def day_prefix(root: str, owner: str, folder: str, day: date) -> str:
    """The prefix, ending in "/", of all an owner's assets of one day (UTC), in both buckets."""
    if root not in ROOTS:
        raise ValueError(f"{root!r} is not one of the roots")
    if folder not in FOLDERS[root]:
        raise ValueError(f"{folder!r} is not one of the folders of {root}")
    _check(_OWNER, owner, "owner")
    return f"{root}/{owner}/{folder}/{day:%Y%m%d}/"


def day_of(asset_id: UUID) -> date:
    """The day (UTC) a UUID of version 7 was made on: RFC 9562, section 5.7."""
    if asset_id.version != 7:
        raise ValueError(f"{asset_id} is not a UUID of version 7")
    return datetime.fromtimestamp((asset_id.int >> 80) / 1000, UTC).date()


def parse_original(key: str) -> Place | None:
    """What a key of ORIGINALS says, or None if `original_key` would not have made it."""
    parts = key.split("/")
    if len(parts) != 5:
        return None
    root, owner, folder, _, name = parts
    try:
        asset_id = UUID(name)
        if original_key(root, owner, folder, asset_id) != key:
            return None
        return Place(root, owner, folder, day_of(asset_id), asset_id)
    except (ValueError, OverflowError, OSError):
        # No UUID, not of version 7, a time beyond the calendar, or a part that no key of ours has.
        return None


def _check(pattern: str, value: str, what: str) -> None:
    if not re.fullmatch(pattern, value):
        raise ValueError(f"{value!r} can't be the {what} in a key")
