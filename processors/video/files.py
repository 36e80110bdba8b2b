"""The files that are made of a video, each named as the version that it is, with its extension."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """One of the files made, `name` in the folder. size: bytes. width, height: pixels, 0 for text."""

    name: str
    content_type: str
    size: int
    width: int = 0
    height: int = 0


def text(path: Path, words: str, content_type: str) -> File:
    """A file of these words. Raises OSError."""
    path.write_text(words)
    return File(path.name, content_type, len(words))


@contextmanager
def created(path: Path) -> Iterator[int]:
    """The descriptor of a new file to be written, removed again when the block fails."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
