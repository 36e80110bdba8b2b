"""The versions of a file as a reader sees them: links made for that reader, at the time of reading."""

from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any, NamedTuple
from uuid import UUID

from processors.profiles import PROFILES
from storage import layout
from storage.links import Links

ORIGINAL = "original"
NAMES = {profile.name: (ORIGINAL, *profile.versions) for profile in PROFILES.values()}
"""Kind → the names that its versions can have, in the order they are told in."""
ANY = tuple(dict.fromkeys(name for names in NAMES.values() for name in names))


PLAYLISTS = frozenset({"text/vtt", "application/vnd.apple.mpegurl"})
"""Content types of versions that name others: linked to is appliance/files/playlists.py, which fills them in."""


class Home(NamedTuple):
    """Where an asset lives: what its keys are made from."""

    root: str
    owner: str
    folder: str
    asset: UUID


class Original(NamedTuple):
    """The pinned bytes that were uploaded, maybe for another file of the same owner: so they have a `key` of their own.

    `size` in bytes; `sha256` once they were read.
    """

    key: str
    version_id: str
    size: int
    sha256: str | None
    facts: dict[str, Any]


class Linker:
    """Makes links under one public address. `agreed` raises where they would be dead. playlist: gives the path and
    query of a version that names others.
    """

    def __init__(
        self, links: Links, prefix: str, agreed: Callable[[], None], playlist: Callable[[Home, str], str] | None = None
    ) -> None:
        self._links = links
        self._prefix = prefix
        self._agreed = agreed
        self._playlist = playlist

    @property
    def prefix(self) -> str:
        """The public address that its links begin with."""
        return self._prefix

    def original(self, filename: str, original: Original) -> dict[str, Any]:
        """The uploaded file, byte for byte; always an attachment under its own name."""
        path = self._links.link(layout.ORIGINALS, original.key, version_id=original.version_id, filename=filename)
        facts = original.facts
        return {
            "url": self._prefix + path,
            "width": facts.get("width"),
            "height": facts.get("height"),
            "bytes": original.size,
            "content_type": facts.get("content_type"),
            "sha256": original.sha256,
        }

    def version(self, place: Home, filename: str, version: dict[str, Any]) -> dict[str, Any]:
        """One developed version; a browser shows it, and saves it under the name of its original and its own."""
        return {
            "url": self._prefix + self._path(place, filename, version),
            **{side: version[side] or None for side in ("width", "height")},  # text has neither
            **{name: version[name] for name in ("bytes", "content_type", "sha256")},
        }

    def _path(self, place: Home, filename: str, version: dict[str, Any]) -> str:
        if self._playlist is not None and version["content_type"] in PLAYLISTS:
            return self._playlist(place, version["name"])
        key = layout.version_key(*place, version["name"], version["sha256"], version["extension"])
        name = f"{PurePath(filename).stem}.{version['name']}.{version['extension']}"
        return self._links.link(layout.VERSIONS, key, filename=name, content_type=version["content_type"])

    def all(
        self, place: Home, kind: str, filename: str, original: Original | None, versions: Iterable[dict[str, Any]]
    ) -> dict[str, Any]:
        """Every version that a file of this kind can have, by name, None for what does not exist (yet); and others that
        a setting asked for.
        """
        made = self.some(place, filename, versions)
        if original is not None:
            made[ORIGINAL] = self.original(filename, original)
        return dict.fromkeys(NAMES.get(kind, (ORIGINAL,))) | made

    def some(self, place: Home, filename: str, versions: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """These versions by name."""
        self._agreed()
        return {version["name"]: self.version(place, filename, version) for version in versions}
