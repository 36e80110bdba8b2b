"""A connection to Valkey that was lost is an error that the parts know, whatever their event loop makes of it."""

import asyncio
from pathlib import Path

import pytest
import uvloop

from appliance.valkey import LOST, patient, quick
from tests.daemons import valkey


def at(port: int) -> str:
    return f"redis://:{valkey.PASSWORD}@127.0.0.1:{port}/0"


@pytest.mark.parametrize("make", [quick, patient])
def test_what_was_lost_between_two_commands_is_lost(tmp_path: Path, make: type) -> None:
    async def run(url: str) -> None:
        async with make(url) as client:
            connection = await client.connection_pool.get_connection()
            connection._writer.transport.abort()  # as when the other side resets it at this moment
            await asyncio.sleep(0.01)
            with pytest.raises(LOST):
                await connection.send_command("PING")
            await connection.send_command("PING")
            assert await connection.read_response() == b"PONG"
            await client.connection_pool.release(connection)

    server = valkey.start(tmp_path / "valkey")
    try:
        uvloop.run(run(at(server.port)))
    finally:
        server.daemon.stop()
