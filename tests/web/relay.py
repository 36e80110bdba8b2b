"""A TCP relay between the browser and the edge, to break the network in ways a browser can't by itself."""

import asyncio
from contextlib import suppress


class Relay:
    """Passes bytes on, until told otherwise. Chromium is led here by `--host-resolver-rules`, so no address changes."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._sockets: list[asyncio.StreamWriter] = []
        self._passing: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def __aenter__(self) -> "Relay":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def websockets(self) -> int:
        return len(self._passing)

    def freeze(self) -> None:
        """Every websocket open now goes silent for good without being closed, as behind a router that forgot it."""
        for passing in self._passing.values():
            passing.clear()

    def cut(self) -> None:
        """Every connection is broken off."""
        for writer in self._sockets:
            writer.transport.abort()
        self._sockets.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._sockets += [writer, far_writer]
            passing = asyncio.Event()
            passing.set()
            up = self._pass(reader, far_writer, passing, writer)
            await asyncio.gather(up, self._pass(far_reader, writer, passing, None))
            self._passing.pop(writer, None)

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passing: asyncio.Event,
        upgrading: asyncio.StreamWriter | None,
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if upgrading and b"Upgrade: websocket" in chunk:
                    self._passing[upgrading] = passing
                await passing.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
