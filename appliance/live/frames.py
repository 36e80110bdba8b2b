"""What readers of a stream are told: made and written once for all who are told the same."""

from collections.abc import Callable, Collection, Hashable
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from appliance.files.versions import Linker
from appliance.live.following import Page
from appliance.live.presenting import encode, present, present_progress
from appliance.live.service import Event


class Frame:
    """What is told of one event; seq 0: of none. asset: the file it is of. by: who did it, and needs not be told.

    It is made and written when the first reader is told it: what a link can't be made for ends that reader alone.
    """

    __slots__ = ("_make", "_text", "asset", "by", "seq")

    def __init__(
        self, make: Callable[[], dict[str, Any]], seq: int = 0, asset: UUID | None = None, by: str | None = None
    ) -> None:
        self._make: Callable[[], dict[str, Any]] | None = make
        self._text = ""
        self.seq, self.asset, self.by = seq, asset, by

    @property
    def text(self) -> str:
        """The message, as JSON."""
        if self._make is not None:
            self._text, self._make = encode(self._make()).decode(), None  # and what it was made of is let go
        return self._text


class Telling(Protocol):
    """How a kind of stream is told. `key`: readers whose tellings have the same are told the same."""

    key: Hashable

    async def frames(self, page: Page) -> list[Frame]:
        """What is told of a page: first of its events, in their order. Raises Unavailable."""

    async def staying(self, people: Collection[str]) -> Collection[str]:
        """Those of these people who may be told what was read until now. Raises Unavailable."""


class Told(Telling, Protocol):
    """One whose events can be told one by one as well, for a page of them."""

    def told(self, event: Event) -> dict[str, Any]:
        """What is told of one event."""


class OfOwner:
    """The stream of a project or a user: all of it is told to whoever was let in. for_server: see `present`."""

    def __init__(self, made: Linker, for_server: bool = False) -> None:
        self.key: Hashable = ("owner", made.prefix, for_server)
        self._made, self._for_server = made, for_server

    def told(self, event: Event) -> dict[str, Any]:
        """What is told of one event."""
        return present(event, self._made, self._for_server)

    async def frames(self, page: Page) -> list[Frame]:
        told = [Frame(partial(self.told, event), event.seq, event.asset) for event in page.events]
        return told + [Frame(partial(present_progress, *one), asset=one[0]) for one in page.progress.items()]

    async def staying(self, people: Collection[str]) -> Collection[str]:
        return people
