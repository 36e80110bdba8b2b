"""A TCP relay between parts of an appliance, which does to connections what networks do."""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset (socket(7))."""


class Relay:
    """Listens on `port` of loopback for a server on `target`, in a thread of its own.

    latency: seconds that each piece of bytes is kept on its way, give or take half of it.
    """

    def __init__(self, target: int, chance: random.Random) -> None:
        self.latency = 0.0
        self._target = target
        self._chance = chance
        self._connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter, asyncio.Event]] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._listening.wait(10)

    def reset(self) -> int:
        """Every connection is reset on both sides; how many there were."""
        return self._call(self._reset)

    def half_open(self) -> int:
        """Every connection there is now goes silent for good, and nobody is told; new ones are as good as ever."""
        return self._call(self._silence)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _call(self, change: Callable[[], int]) -> int:
        async def there() -> int:
            return change()

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(10)

    def _reset(self) -> int:
        for *ends, _ in self._connections:
            for end in ends:
                with suppress(OSError):  # it is being closed at this moment
                    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.transport.abort()
        return len(self._connections)

    def _silence(self) -> int:
        for *_, passing in self._connections:
            passing.clear()
        return len(self._connections)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        self._listening.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        passing = asyncio.Event()
        passing.set()
        connection = (writer, far_writer, passing)
        self._connections.add(connection)
        try:
            await asyncio.gather(self._pass(reader, far_writer, passing), self._pass(far_reader, writer, passing))
        finally:
            self._connections.discard(connection)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passing: asyncio.Event) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if self.latency:
                    await asyncio.sleep(self.latency * self._chance.uniform(0.5, 1.5))
                await passing.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
