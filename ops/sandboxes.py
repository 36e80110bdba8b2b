"""What the workers say of their sandboxes, for those who ask how well untrusted bytes are kept apart."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

TIMEOUT = 3.0
RED, PLAIN = "\x1b[1;31m", "\x1b[0m"


async def state(valkey_url: str, parts: Sequence[str]) -> dict[str, Any] | None:
    """The weakest of these parts' sandboxes: `strong`, `layers`, `missing`; None while no part tells of one."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    beats: list[bytes | None] = []
    async with Redis.from_url(valkey_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
        with suppress(RedisError, OSError):
            beats = await client.mget([f"darkroom:health:{part}" for part in parts])
    told = [sandbox for beat in beats if beat and (sandbox := json.loads(beat).get("sandbox"))]
    return min(told, key=lambda sandbox: (sandbox["strong"], len(sandbox["layers"])), default=None)


def told(sandbox: dict[str, Any] | None, colour: bool) -> str:
    """A line for people."""
    if sandbox is None:
        return "sandbox: not known, no worker tells of one"
    held = ", ".join(sandbox["layers"])
    if sandbox["strong"]:
        foreign = sandbox["missing"].get("own uid")
        return f"sandbox: strong ({held})" + (f", but without a uid of its own: {foreign}" if foreign else "")
    why = "; ".join(f"{layer}: {reason}" for layer, reason in sandbox["missing"].items())
    line = f"sandbox: WEAK ({held}), there is no second wall: {why}"
    return f"{RED}{line}{PLAIN}" if colour else line
