"""How a process of the appliance is told to end."""

import asyncio
import signal
from collections.abc import Coroutine


async def until_told(work: Coroutine[object, object, None]) -> None:
    """Runs `work` to its end, or until SIGTERM or SIGINT cancels it. Raises what it raises."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
