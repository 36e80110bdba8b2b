"""What comes out of a processor: facts about the source and the versions made of it."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Facts:
    """About the source, as its decoder sees it. `width` and `height` are pixels as displayed, orientation applied;
    `frames` is over 1 for an animation or a picture of several pages: the versions show the first.

    Of a document they are points (1/72 inch) of the page shown, rounded; it has `pages`, and its text is that of the
    first `text_pages` of those that were asked for: fewer than all when it would have been too long. Where nothing
    could be drawn, for want of a program, `previews` is UNAVAILABLE, and there are no points and no pages: 0 and None.
    """

    format: str
    content_type: str
    width: int
    height: int
    frames: int
    pages: int | None = None
    text_pages: int | None = None
    previews: str | None = None


@dataclass(frozen=True)
class Version:
    """One version, encoded. `sha256` is that of `data`, in hex. What has no pixels has a width and height of 0."""

    name: str
    width: int
    height: int
    content_type: str
    extension: str
    sha256: str
    data: bytes = field(repr=False)  # tasks and tracebacks would spell out a megabyte


@dataclass(frozen=True)
class Developed:
    """A source developed by a recipe. Versions stand in the order of the recipe, the largest first.

    Behind them stand a document as PDF and the first rows of its tables, where they were made of it, and, last, its
    text, if it has any.
    """

    source: Facts
    versions: list[Version]


TEXT, PDF, TABLE = "text", "pdf", "table"
UNAVAILABLE = "unavailable"


def text_version(data: bytes, sha256: str) -> Version:
    """The text of a document, UTF-8."""
    return Version(TEXT, 0, 0, "text/plain", "txt", sha256, data)


def pdf_version(data: bytes) -> Version:
    """A document as PDF."""
    return Version(PDF, 0, 0, "application/pdf", "pdf", hashlib.sha256(data).hexdigest(), data)


def table_version(data: bytes) -> Version:
    """The first rows of each sheet, JSON: see `processors.office.inside.table`."""
    return Version(TABLE, 0, 0, "application/json", "json", hashlib.sha256(data).hexdigest(), data)
