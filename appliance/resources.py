"""What a command of the operator needs to ask the appliance's own code: the ledger, opened for a moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from appliance.config import Config
from appliance.ledger.database import pool


@asynccontextmanager
async def connected(config: Config) -> AsyncIterator[None]:
    """The ledger's pool for the time of the block. Raises BadConfiguration and Unavailable."""
    config.need("database_url", "valkey_url", "token_secret")
    async with pool(1):
        yield
