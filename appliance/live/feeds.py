"""The feeds of a process: one for all who are told the same of a stream."""

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from appliance.live.cursor import Bounds
from appliance.live.doorbell import Listener
from appliance.live.feed import Feed, Reader
from appliance.live.frames import Telling
from appliance.live.service import PAGE


class Feeds:
    """The feeds of this process, each for as long as it has readers."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._feeds: dict[tuple[int, Hashable], Feed] = {}

    @property
    def readers(self) -> int:
        """How many listen to something now, to these or by themselves."""
        return self._listener.readers + sum(len(feed.readers) - 1 for feed in self._feeds.values())

    @asynccontextmanager
    async def reading(self, here: Bounds, after: int, telling: Telling, who: str = "") -> AsyncIterator[Reader]:
        """A reader of the stream that is `here`, from the event after `after` on, for the time of the block.

        Where `who` matters, whether that one may be told anything is to be asked in the block, before anything is.
        """
        key = (here.stream, telling.key)
        feed = self._feeds.get(key)
        if feed is None or feed.over:
            # From this one's cursor on, if that is near: of a crowd that comes back, all stand about there.
            begin = after if here.head - after <= PAGE else here.head
            feed = self._feeds[key] = Feed(self._listener, here.stream, begin, telling)
        reader = Reader(feed, after, who)
        feed.readers.add(reader)
        try:
            yield reader
        finally:
            feed.readers.discard(reader)
            if not feed.readers:
                feed.close()
                if self._feeds.get(key) is feed:
                    del self._feeds[key]
