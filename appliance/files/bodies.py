"""Bodies read as they come: in time, and to their end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from litestar.exceptions import InternalServerException

IDLE_SECONDS = 30.0  # between two pieces
DRAINED_SECONDS = 30.0  # at most

BROKEN_OFF = (TimeoutError, InternalServerException)  # what Litestar raises where the client has gone

Pieces = AsyncIterator[bytes]


async def in_time(pieces: Pieces) -> Pieces:
    """`pieces`, as long as they come. Raises TimeoutError."""
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece


async def drained(pieces: Pieces) -> None:
    """Reads what is still being sent: whoever is answered before that may not get to see the answer."""
    with suppress(*BROKEN_OFF):
        async with asyncio.timeout(DRAINED_SECONDS):
            async for _ in pieces:
                pass
