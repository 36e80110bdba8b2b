"""A sync: what the layers say now is put in force, for all processes at once.

    keep     the flag is set, and what is in Valkey is kept beside
    write    the new set is written there, unseen
    check    it is read back
    publish  it is put in force in the database: from here on there is no way back, before it only that one
    end      the flag goes, and all see the new set

Whatever fails, or is killed, before `publish` brings the old set back, at once or when the next sync begins; after it
the new one is in force, and it is only the end that is made up for. Until then readers go on with the old set.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from uuid import uuid4

import asyncpg
import msgspec
from redis.asyncio import Redis

from appliance.config import Config
from appliance.errors import Unavailable
from appliance.ledger.database import connect, lost_as_unavailable
from appliance.logs import log
from appliance.settings import published, shared
from appliance.settings.declared import live_in
from appliance.settings.layers import Author, texts
from appliance.settings.published import Told
from appliance.settings.resolving import resolved
from appliance.settings.shared import Broken
from appliance.valkey import LOST

LOCK = 0x5E771  # in Postgres: one sync at a time
WAIT_SECONDS, RIGHT_SECONDS = 5, 5.0  # for another sync to end; for putting things right after a failure
UNDECIDED = ("keep", "write", "check")  # before these have ended the database need not be asked what came of it
STEPS = (*UNDECIDED, "publish", "end")

AWAY = (*LOST, Broken, Unavailable)

Watch = Callable[[str], Awaitable[None]]


class Outcome(NamedTuple):
    """What is in force now, and the keys whose values are others than before."""

    generation: int
    changed: list[str]


class NotSynced(Unavailable):
    code = "not_synced"
    title = "The settings were not synced"


async def unwatched(step: str) -> None:
    """Nobody looks on."""


async def sync(redis: Redis, by: Author, table: type = Config, watch: Watch = unwatched) -> Outcome:
    """Puts in force what the layers say. `watch` is told of each step before it is done, and after the last of "ended".

    Raises NotSynced, which says whether the new set is in force all the same.
    """
    try:
        async with _alone():
            await recover(redis, by)
            return await _carried_out(redis, by, table, watch)
    except NotSynced:
        raise
    except AWAY as error:
        raise NotSynced(f"The settings were not synced: {_told(error)}") from error


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


async def recover(redis: Redis, by: Author, only: bytes | None = None) -> bool:
    """Clears up after a sync that was broken off, if there was one, or after that of the flag `only`. For who holds the
    lock.

    Raises Broken, Unavailable and what is in LOST.
    """
    flag = await shared.mark(redis)
    if flag is None or flag != (only or flag):
        return False
    mark, force = shared.marked(flag), await published.in_force()
    if force and force.told.generation == mark.generation:
        await shared.end(redis, flag)
        log.info("a sync of settings that was broken off is ended", generation=mark.generation, by=mark.by)
    else:
        await _restore(redis, flag, by, f"the sync of {mark.by} was broken off")
    return True


async def _restore(redis: Redis, flag: bytes, by: Author, why: str) -> None:
    await shared.restore(redis, flag)
    log.warning("settings restored", why=why)
    await published.note_restored(shared.marked(flag).generation, by, why)


async def _carried_out(redis: Redis, by: Author, table: type, watch: Watch) -> Outcome:
    before = await published.in_force()
    told = await _wanted(redis, before and before.told, table)
    old = before.told.values if before else {}
    changed = sorted(key for key in old.keys() | told.values.keys() if old.get(key) != told.values.get(key))
    flag = msgspec.json.encode(shared.Mark(told.generation, by.who, uuid4().hex))

    async def publish() -> None:
        if not await published.publish(told, by, changed):
            raise Broken("another sync was faster")

    does: dict[str, Callable[[], Awaitable[None]]] = {
        "keep": lambda: shared.keep(redis, flag),
        "write": lambda: shared.write(redis, flag, told),
        "check": lambda: _check(redis, told),
        "publish": publish,
        "end": lambda: shared.end(redis, flag),
    }
    step = ""
    try:
        for step in STEPS:
            await watch(step)
            await does[step]()
        await watch("ended")
    except BaseException as error:
        await _put_right(redis, by, flag, step, error)
        if step == "end" and isinstance(error, AWAY):
            raise NotSynced(f"The settings are in force, but Valkey does not show them yet: {_told(error)}") from error
        raise
    log.info("settings synced", generation=told.generation, changed=changed, by=by.who)
    return Outcome(told.generation, changed)


async def _wanted(redis: Redis, before: Told | None, table: type) -> Told:
    """What is to be in force: the next generation, also where Valkey has had more of them than a restored database."""
    found = resolved(live_in(table), await texts())
    for key, one in found.items():
        if one.refused:
            log.warning("a setting is not valid and does not count", key=key, layers=list(map(str, one.refused)))
    latest = max(before.generation if before else 0, await shared.generation(redis))
    return Told(latest + 1, {key: one.text for key, one in found.items()})


async def _check(redis: Redis, told: Told) -> None:
    if await shared.read(redis, told.values.keys(), unseen=True) != told:
        raise Broken("what was written to Valkey can't be read back")


async def _put_right(redis: Redis, by: Author, flag: bytes, step: str, error: BaseException) -> None:
    """After `error` in `step`. What can't be done now, the next sync does first of all."""
    log.warning("sync of settings failed", step=step, error=repr(error))
    with suppress(*AWAY):
        async with asyncio.timeout(RIGHT_SECONDS):
            if step in UNDECIDED:
                await _restore(redis, flag, by, f"{step}: {_told(error)}")
            else:
                await recover(redis, by, flag)


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    """The lock, for the time of the block. It goes with the process that holds it, however that ends."""
    connection = await connect()
    try:
        try:
            with lost_as_unavailable():
                await connection.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
                await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        except asyncpg.LockNotAvailableError as error:
            raise Unavailable("Another sync of the settings is under way; try again") from error
        yield
    finally:
        with suppress(Exception):
            await connection.close(timeout=RIGHT_SECONDS)
