"""The sender: every webhook gets its events in order, one at a time, until its receiver has taken each.

Whom there is something to tell is asked of the ledger: at each ring for a project that has webhooks, and every second.
So the sender costs next to nothing where there are none, and holds nothing that could be lost. A webhook's turn is
short, and those that have waited longest come first: receivers that are slow or dead take no time from the others.
"""

import asyncio
import random
import time
from uuid import UUID

from appliance.config import Settings
from appliance.errors import Unavailable
from appliance.files.versions import Linker
from appliance.live.doorbell import Listener
from appliance.logs import log
from appliance.metrics import count
from appliance.webhooks import turns
from appliance.webhooks.post import LONGEST_WAIT, Outcome, Post
from appliance.webhooks.turns import Message, Turn

AT_ONCE = 64  # turns
TURN_SECONDS = 20.0
LOOK_SECONDS = 1.0
PAUSE_SECONDS = 0.02  # between two looks, however often it rings
DAY = 24 * 3600.0


def pause(failures: int, first: float, asked: float = 0.0) -> float:
    """Seconds to wait after so many failures in a row: doubled with each, never over an hour, and not in step."""
    doubled = first * 2.0 ** min(failures, 30)
    return max(asked, min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.0))


class Sender:
    """Runs the turns of all webhooks."""

    def __init__(self, post: Post, linker: Linker, listener: Listener, settings: Settings) -> None:
        self._post = post
        self._linker = linker
        self._listener = listener
        self._attended: set[int] = set()  # streams
        self._rung = asyncio.Event()
        self._settings = settings
        self._under_way: set[UUID] = set()

    async def run(self) -> None:
        """Until cancelled; survives the loss of Postgres."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._attend())
            while True:
                await self._rung.wait()
                self._rung.clear()
                try:
                    for turn in await turns.due(self._under_way, AT_ONCE - len(self._under_way)):
                        self._under_way.add(turn.id)
                        tasks.create_task(self._guarded(turn))
                except Unavailable as error:
                    log.warning("webhooks not looked at", error=str(error))
                await asyncio.sleep(PAUSE_SECONDS)

    async def _attend(self) -> None:
        """Listens to the streams that webhooks are told of, and has a look at them every so often, rung or not."""
        while True:
            try:
                told = await turns.streams()
                for stream in told - self._attended:
                    self._listener.attend(stream, self._rung)
                for stream in self._attended - told:
                    self._listener.leave(stream, self._rung)
                self._attended = told
            except Unavailable as error:
                log.warning("webhooks not listed", error=str(error))
            self._rung.set()
            await asyncio.sleep(LOOK_SECONDS)

    async def _guarded(self, turn: Turn) -> None:
        """One turn, after which the next may begin at once; after a fault of ours, in a while."""
        try:
            await self._turn(turn)
        except Unavailable as error:
            log.warning("webhook put off", webhook=str(turn.id), error=str(error))
            await asyncio.sleep(LOOK_SECONDS)
        except Exception as error:
            log.error("webhook's turn failed", webhook=str(turn.id), exc_info=error)
            await asyncio.sleep(self._settings.now.webhook_retry_seconds)
        finally:
            self._under_way.discard(turn.id)
            self._rung.set()

    async def _turn(self, turn: Turn) -> None:
        ends = time.monotonic() + TURN_SECONDS
        page = await turns.messages(turn, self._linker)
        for message in page:
            if message.body is None:
                continue
            outcome = await self._post.send(turn.url, turn.secret, message.id, message.body)
            count("webhook_messages", outcome="failed" if outcome.error else "taken")
            if outcome.error:
                await self._failed(turn, message, outcome)
                return
            if not await turns.taken(turn, message, outcome):
                return
            _delivered(turn, message, outcome)
            turn = turn._replace(cursor=message.seq, failures=0)
            if time.monotonic() > ends:
                return
        if page and page[-1].seq > turn.cursor:
            await turns.passed(turn, page[-1].seq)

    async def _failed(self, turn: Turn, message: Message, outcome: Outcome) -> None:
        config = self._settings.now
        wait = pause(turn.failures, config.webhook_retry_seconds, outcome.wait)
        ended = await turns.failed(turn, message, outcome, wait, config.webhook_days * DAY)
        asyncio.get_running_loop().call_later(wait, self._rung.set)  # a look just in time
        say = log.error if ended else log.warning
        asset = str(message.asset) if message.asset else None
        told = "webhook disabled" if ended else "webhook failed"
        say(told, webhook=str(turn.id), asset=asset, error=outcome.error, failures=turn.failures + 1)


def _delivered(turn: Turn, message: Message, outcome: Outcome) -> None:
    asset = str(message.asset) if message.asset else None
    log.info("webhook delivered", webhook=str(turn.id), asset=asset, seq=message.seq, milliseconds=outcome.milliseconds)
