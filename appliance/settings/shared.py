"""The set as Valkey has it: `env_KEY` for each value, `env_generation` for which set that is and what belongs to it.

While a sync is under way there is `env_syncing`, and what was before is in `env_KEY_temp`; whoever reads takes that. So
the new set is written unseen, and shown all at once when the flag goes. Each step is one MULTI that is only carried out
while the flag is what its sync has set: Valkey flushed in between, or another sync, ends it.
"""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from appliance.settings.declared import KEPT
from appliance.settings.published import Told

PREFIX = "env_"
FLAG, GENERATION = PREFIX + "syncing", PREFIX + "generation"


class Broken(Exception):
    """Valkey is not as this sync has left it: flushed, or somebody else's by now."""


class Mark(msgspec.Struct, frozen=True):
    """What the flag says: which generation is being written, and by whom. `one`: no other sync has the same."""

    generation: int
    by: str
    one: str


class _Manifest(msgspec.Struct, frozen=True):
    generation: int
    keys: list[str]


def _names(keys: Iterable[str], kept: bool = False) -> list[str]:
    return [f"{PREFIX}{key}{KEPT if kept else ''}" for key in keys]


async def read(redis: Redis, keys: Collection[str], unseen: bool = False) -> Told | None:
    """The set that counts, of one piece, as far as it is of `keys`; None where there is no whole one.

    One MGET. unseen: what the sync under way has written. Raises RedisError and OSError.
    """
    named, kept = _names(keys), _names(keys, kept=True)
    flag, generation, *found = await redis.mget([FLAG, GENERATION, *named, GENERATION + KEPT, *kept])
    current, before = found[: len(named)], found[len(named) + 1 :]
    manifest = found[len(named)] if flag and not unseen else generation
    values = before if flag and not unseen else current
    return _told(manifest, dict(zip(keys, values, strict=True)))


def _told(text: bytes | None, found: dict[str, bytes | None]) -> Told | None:
    manifest = _manifest(text)
    if manifest is None:
        return None
    values = {key: found[key] for key in manifest.keys if key in found}
    if None in values.values():
        return None  # somebody has deleted one
    return Told(manifest.generation, {key: value.decode() for key, value in values.items() if value is not None})


def _manifest(text: bytes | None) -> _Manifest | None:
    try:
        return msgspec.json.decode(text, type=_Manifest) if text else None
    except msgspec.DecodeError:
        return None


async def generation(redis: Redis) -> int:
    """The highest there has been, seen or unseen; 0 for none."""
    found = [_manifest(text) for text in await redis.mget([GENERATION, GENERATION + KEPT])]
    return max((one.generation for one in found if one), default=0)


async def mark(redis: Redis) -> bytes | None:
    """The flag of the sync under way, or of one that was broken off."""
    flag: bytes | None = await redis.get(FLAG)
    return flag


def marked(flag: bytes) -> Mark:
    """What a flag says; one that we did not write is of no generation."""
    try:
        return msgspec.json.decode(flag, type=Mark)
    except msgspec.DecodeError:
        return Mark(0, "somebody", "")


async def keep(redis: Redis, flag: bytes) -> None:
    """Sets the flag, and keeps what is there for those who read meanwhile. Raises Broken."""
    async with _carried_out(redis, None) as (pipe, now, _):
        _forget_kept(pipe, now)
        pipe.set(FLAG, flag)
        for name in [*_names(now), GENERATION] if now else []:
            pipe.copy(name, name + KEPT)


async def write(redis: Redis, flag: bytes, told: Told) -> None:
    """Writes the new set, unseen. Raises Broken."""
    async with _carried_out(redis, flag) as (pipe, now, _):
        _fill(pipe, told, now)


async def end(redis: Redis, flag: bytes) -> None:
    """Shows what was written: the end of a sync. Raises Broken."""
    async with _carried_out(redis, flag) as (pipe, now, before):
        pipe.delete(FLAG)
        _forget_kept(pipe, {*now, *before})


async def restore(redis: Redis, flag: bytes) -> None:
    """Brings back what was before, and takes the flag away. Raises Broken."""
    async with _carried_out(redis, flag) as (pipe, now, before):
        pipe.delete(FLAG, GENERATION, *_names({*now, *before}))
        for name in [*_names(before), GENERATION] if before else []:
            pipe.rename(name + KEPT, name)  # which needs no memory: there may be none left
        _forget_kept(pipe, {*now, *before})


def _fill(pipe: Pipeline, told: Told, now: Collection[str]) -> None:
    for name in _names(key for key in now if key not in told.values):
        pipe.delete(name)
    for key, text in told.values.items():
        pipe.set(PREFIX + key, text)
    pipe.set(GENERATION, msgspec.json.encode(_Manifest(told.generation, list(told.values))))


def _forget_kept(pipe: Pipeline, keys: Collection[str]) -> None:
    pipe.delete(GENERATION + KEPT, *_names(keys, kept=True))


@asynccontextmanager
async def _carried_out(
    redis: Redis, flag: bytes | None
) -> AsyncIterator[tuple[Pipeline, Collection[str], Collection[str]]]:
    """What is put into the pipe is carried out as one MULTI, if the flag is `flag` all the while; with it the keys of
    the set that is there, and of that which was before. Raises Broken.
    """
    async with redis.pipeline(transaction=True) as pipe:
        await pipe.watch(FLAG, GENERATION)
        if await pipe.get(FLAG) != flag:
            raise Broken("Valkey was flushed, or another sync has begun")
        now, before = (_manifest(text) for text in await pipe.mget([GENERATION, GENERATION + KEPT]))
        pipe.multi()
        yield pipe, now.keys if now else [], before.keys if before else []
        try:
            await pipe.execute()
        except WatchError as error:
            raise Broken("Valkey was flushed, or another sync has begun") from error
