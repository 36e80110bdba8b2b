"""What the processes last warned of, and what was done by whom: kept where each part may read it, who may not read the
log files of the others.

Each process hands its lines to Valkey with its beat, into a stream that holds so many of all parts together. It is a
convenience, not the log: a flushed Valkey loses it, and so does a process that ends before its next beat.
"""

from collections import deque
from typing import Any

from redis.asyncio import Redis

KEY = "darkroom:log"
MOST = 5000  # lines of all parts
PENDING = 200  # lines of a process between two beats: of a flood the newest
LONGEST = 4000  # characters of a line; of a longer one the beginning and the end, where an error is named
LEVELS = ("warning", "error", "critical")
KEPT = f"warnings, errors, and what somebody did; the last {MOST:,} lines of all parts"

_pending: deque[dict[str, str]] = deque(maxlen=PENDING)


def keep(level: Any, at: Any, event: Any, line: str, by: Any = None) -> None:
    """Notes a line that this process logs, if it is a warning or worse, or says `by` whom something was done. Never
    blocks, never raises.
    """
    if level in LEVELS or by:
        half = LONGEST // 2
        short = line if len(line) <= LONGEST else f"{line[:half]} … {line[-half:]}"
        _pending.append({"at": str(at), "level": str(level), "event": str(event)[:200], "line": short})


async def publish(redis: Redis, part: str) -> None:
    """Hands on what was noted since the last time. Raises RedisError; then it is told the next time."""
    if not _pending:
        return
    taken = list(_pending)
    _pending.clear()
    try:
        async with redis.pipeline(transaction=True) as pipe:
            for line in taken:
                pipe.xadd(KEY, {"part": part} | line, maxlen=MOST, approximate=True)  # type: ignore[arg-type]
            await pipe.execute()
    except BaseException:
        newer = list(_pending)
        _pending.clear()
        _pending.extend([*taken, *newer])
        raise


async def lines(redis: Redis) -> list[dict[str, str]]:
    """All that is kept, the newest first: at, part, level, event, line. Raises RedisError."""
    found = await redis.xrevrange(KEY, count=MOST)
    return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in found]
