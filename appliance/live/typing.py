"""Who types: told to those who listen at that moment, by Valkey alone, and kept nowhere. What is lost comes with the
next key that is pressed.
"""

from collections.abc import Awaitable
from typing import cast

import msgspec
from redis.asyncio import Redis

from appliance.valkey import LOST

CHANNEL = "darkroom:typing"
APART_SECONDS = 1  # between two words of one person in one room; what comes in between is dropped
MOST_A_ROOM = 20
"""People of whom a room is told in that time: nobody reads more names, and each goes to everybody."""

# KEYS: of the person, of the room; ARGV: milliseconds, how many of a room, the channel, what is told.
_TELL = """
if not redis.call('SET', KEYS[1], '', 'PX', ARGV[1], 'NX') then return end
local n = redis.call('INCR', KEYS[2])
if n == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
if n <= tonumber(ARGV[2]) then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
"""


class Typing(msgspec.Struct, frozen=True, array_like=True):
    """A message on the channel: who types, in which stream's room."""

    stream: int
    person: str


decode = msgspec.json.Decoder(Typing).decode


async def tell(redis: Redis, stream: int, person: str) -> None:
    """Tells whoever listens to the stream. While Valkey is away nobody is told."""
    keys = (f"{CHANNEL}:{stream}:{person}", f"{CHANNEL}:{stream}")
    limits = (str(1000 * APART_SECONDS), str(MOST_A_ROOM))
    told = msgspec.json.encode(Typing(stream, person)).decode()
    try:
        await cast(Awaitable[None], redis.eval(_TELL, len(keys), *keys, *limits, CHANNEL, told))
    except LOST:
        return
