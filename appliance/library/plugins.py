"""Plug-ins of libraries, by the entry points of other packages: finders and deciders; encoders are the processors' own.

`template/` is a package with one of each. What they are given and what they give back are values: files are opened,
written and queued by nobody but us.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from appliance.library.outcomes import Found, Looked, PassedOver, Unreadable
from processors.brought import Brought
from processors.named import installed
from processors.video.codec import Codec
from processors.video.keeping.wishes import Wish

if TYPE_CHECKING:
    from appliance.library.workflow import Source

FINDERS, DECIDERS = "darkroom.finders", "darkroom.deciders"
MOST_LETTERS = 300


class Leave(msgspec.Struct, frozen=True):
    """The file stays as it is. reason: for people."""

    reason: Annotated[str, Meta(min_length=1)]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """It becomes something else than the workflow says, where that is not None. bit_rate: of the pictures, in bits a
    second at most; never more is asked than the file has. most_lines: of the shorter side. reason: for people.
    """

    codec: Codec | None = None
    bit_rate: Annotated[int, Meta(ge=100_000, le=1_000_000_000)] | None = None
    most_lines: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    reason: Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True)
class Finder:
    """settings, seconds: see `Named`; the latter from one file to the next.

    find: the files of a source, one after the other, in whatever memory it takes for one. Of each only the path counts,
    and it has to lie in the source's folder. What it raises ends the look, whose files are then not forgotten.
    """

    name: str
    settings: type[msgspec.Struct]
    find: "Callable[[Source, Any], Iterator[Found | PassedOver | Unreadable]]"
    seconds: float = 300.0


@dataclass(frozen=True)
class Decider:
    """settings, seconds: see `Named`.

    decide: a pure and quick function of what a file says of itself, what is wished for it so far, and the settings;
    None: nothing is to be said. It is asked where no rule speaks against the file, and again before it is made anew.
    """

    name: str
    settings: type[msgspec.Struct]
    decide: Callable[[Looked, Wish, Any], Leave | Change | None]
    seconds: float = 10.0


def finders() -> Mapping[str, Brought[Finder]]:
    """By their names. Raises BadPlugin."""
    return installed(FINDERS, Finder, _against_finder)


def deciders() -> Mapping[str, Brought[Decider]]:
    """By their names. Raises BadPlugin."""
    return installed(DECIDERS, Decider, _against_decider)


def said(error: Exception) -> str:
    """What a plug-in has raised, for people."""
    return cut(f"{type(error).__name__}: {error}")


def cut(text: str) -> str:
    """What a plug-in says, no longer than it is read, and as the ledger can hold it."""
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode()[:MOST_LETTERS]


def _against_finder(one: Finder) -> str:
    return "" if callable(one.find) else "its find can't be called"


def _against_decider(one: Decider) -> str:
    return "" if callable(one.decide) else "its decide can't be called"
