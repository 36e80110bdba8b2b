"""What is taken for a database that is away for the moment."""

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
def test_what_passes_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable), lost_as_unavailable():
        raise error


def test_a_fault_of_ours_is_not() -> None:
    with pytest.raises(asyncpg.UndefinedColumnError), lost_as_unavailable():
        raise asyncpg.UndefinedColumnError("no such column")
