"""What a backup says of itself: its manifest, and the list of the object versions that it has."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from appliance.upkeep.snapshot import Reference
from ops.backups.stores import Store, StoreError, as_file

FORMAT = 1
DUMP, OBJECTS, MANIFEST = "ledger.dump", "objects.jsonl.gz", "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """One finished backup, of so many object versions with `size` bytes."""

    stamp: str
    objects: int
    size: int
    dump_sha256: str
    objects_sha256: str
    format: int = FORMAT

    def text(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()


def new_stamp() -> str:
    """The name of a backup that begins now; names sort by age."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def place(stamp: str, name: str) -> str:
    """The name in a store of a part of a backup."""
    return f"backups/{stamp}/{name}"


def object_name(sha256: str) -> str:
    """The name in a store of the object with these bytes."""
    return f"objects/{sha256[:2]}/{sha256[2:]}"


def finished(store: Store) -> list[str]:
    """The stamps of the backups that a store holds whole, the oldest first. Raises StoreError."""
    return [stamp for stamp in store.names("backups/") if store.has(place(stamp, MANIFEST))]


def manifest(store: Store, stamp: str | None) -> Manifest:
    """The manifest of a backup, of the latest where none is named. Raises StoreError."""
    stamps = finished(store)
    if not stamps:
        raise StoreError("there is no finished backup")
    if stamp is not None and stamp not in stamps:
        raise StoreError(f"there is no finished backup {stamp}; there are {', '.join(stamps[-5:])}")
    told = json.loads(b"".join(store.read(place(stamp or stamps[-1], MANIFEST))))
    if told.get("format") != FORMAT:
        raise StoreError(f"this backup has format {told.get('format')}, this release reads {FORMAT}")
    return Manifest(**told)


def read(pieces: Iterable[bytes]) -> Iterator[Reference]:
    """The list of a backup, from the bytes of its file."""
    with gzip.open(as_file(pieces), "rt", encoding="utf-8") as file:
        yield from map(parsed, file)


def line(reference: Reference) -> str:
    """One line of a list."""
    return json.dumps(reference) + "\n"


def parsed(text: str) -> Reference:
    """What is in such a line."""
    return Reference(*json.loads(text))
