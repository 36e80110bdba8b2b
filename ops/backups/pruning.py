"""Removing backups that nobody keeps, and then every object that no other refers to.

It can be killed at any moment: a backup ends with its manifest, and what is left over goes the next time.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ops.backups import catalogue
from ops.backups.stores import Store, StoreError, WrongBytes, checked

HALVES = [f"{number:02x}" for number in range(256)]
Tell = Callable[[int, int], None]  # of 256 parts of the store, one more; and the objects to remove in it


@dataclass
class Pruned:
    """What was removed, or would be."""

    backups: int = 0
    unfinished: int = 0
    """Backups that were broken off."""
    objects: int = 0


def prune(store: Store, going: Collection[str], scratch: Path, really: bool, done: Tell) -> Pruned:
    """Removes the backups `going`, by their stamps, what others began, and objects that no kept backup refers to.

    The caller holds the store's lock. Nothing is removed where a list of a kept backup can't be read whole. Raises
    StoreError, WrongBytes.
    """
    finished = catalogue.finished(store)
    kept = [stamp for stamp in finished if stamp not in going]
    if not kept:
        raise StoreError("one backup at least has to be kept")
    others = [stamp for stamp in store.names("backups/") if stamp not in kept]
    pruned = Pruned(sum(stamp in finished for stamp in others), sum(stamp not in finished for stamp in others))
    with tempfile.TemporaryDirectory(prefix="prune-", dir=scratch) as folder:
        _collect(store, kept, Path(folder))
        if really:
            for stamp in others:
                _remove_backup(store, stamp)
        there = set(store.names("objects/"))
        for half in HALVES:
            if half not in there:
                done(1, 0)
                continue
            needed = _read(Path(folder) / half)
            wasted = [name for name in store.names(f"objects/{half}/") if bytes.fromhex(half + name) not in needed]
            for name in wasted if really else ():
                store.remove(f"objects/{half}/{name}")
            pruned.objects += len(wasted)
            done(1, len(wasted))
    if really:
        store.tidy()
    return pruned


def _remove_backup(store: Store, stamp: str) -> None:
    """Its manifest first: without it there is no backup, whatever else is left."""
    for name in (catalogue.MANIFEST, catalogue.OBJECTS, catalogue.DUMP):
        store.remove(catalogue.place(stamp, name))


def _collect(store: Store, stamps: list[str], folder: Path) -> None:
    """Writes the hashes that these backups refer to, a file for each first byte: a store's may not fit in memory."""
    with ExitStack() as files:
        out = {half: files.enter_context((folder / half).open("wb")) for half in HALVES}
        for stamp in stamps:
            for sha256 in _referred(store, stamp):
                out[sha256[:2]].write(bytes.fromhex(sha256))


def _referred(store: Store, stamp: str) -> Iterator[str]:
    manifest = catalogue.manifest(store, stamp)
    pieces = checked(store.read(catalogue.place(stamp, catalogue.OBJECTS)), manifest.objects_sha256)
    count = 0
    for reference in catalogue.read(pieces):
        if reference.sha256 is None:
            raise WrongBytes(f"the list of {stamp} names an object without its hash")
        count += 1
        yield reference.sha256
    if count != manifest.objects:
        raise WrongBytes(f"the list of {stamp} has {count} objects, where {manifest.objects} are known")


def _read(path: Path) -> set[bytes]:
    content = path.read_bytes()
    return {content[at : at + 32] for at in range(0, len(content), 32)}
