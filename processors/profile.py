"""What a profile is: one kind of file, and what is made of it."""

from dataclasses import dataclass

from processors.processor import Processor

FOLDERS = ("images", "videos", "documents")
"""Below their owner: where files of a profile can lie."""
LANES = ("images", "media")
"""Queues: of what is done in a moment, in memory, and of what takes its time, on disk."""


@dataclass(frozen=True)
class Profile:
    """One kind of file.

    content_types: what libmagic calls such files; the decoder has to agree. extensions: of their names, which are only
    a hint of what will come. most_bytes: the largest that is taken. folder: where they lie below their owner. lane: the
    queue they wait in. steps: what is done, in order. versions: what that makes, by name; not every file has all.
    """

    name: str
    content_types: frozenset[str]
    extensions: tuple[str, ...]
    most_bytes: int
    folder: str
    lane: str
    processor: Processor
    steps: tuple[str, ...]
    versions: tuple[str, ...]
