"""What is taken for a database that is away for the moment."""

import asyncio

import asyncpg
import pytest

from appliance.errors import Unavailable
from appliance.ledger.database import lost_as_unavailable

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "error",
    [
        OSError("reset"),
        TimeoutError(),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.InternalClientError("connect() called while another connection already exists"),
        asyncpg.ConnectionDoesNotExistError("closed in the middle"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.DiskFullError("no space"),
        asyncpg.DeadlockDetectedError("deadlock"),
    ],
)
async def test_what_passes_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable), lost_as_unavailable():
        raise error


async def test_a_fault_of_ours_is_not() -> None:
    with pytest.raises(asyncpg.UndefinedColumnError), lost_as_unavailable():
        raise asyncpg.UndefinedColumnError("no such column")


async def test_a_cancelled_task_ends_though_its_connection_can_not_be_given_back() -> None:
    """The driver waits for the server's last word on what was cancelled, and gives up with an error of its own."""

    async def work() -> None:
        with lost_as_unavailable():
            try:
                await asyncio.sleep(60)
            finally:
                raise TimeoutError

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
