"""What is behind an appliance: its ledger, queue and storage, reached by none of the appliance's own code."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import redis
from minio import Minio

from tests.stack import Stack


@dataclass(frozen=True, repr=False)
class Behind:
    """`root` is the storage administrator's key, as access:secret."""

    database_url: str
    valkey_url: str
    storage_url: str
    root: str

    def sql(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """The rows of one statement."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url, timeout=10)
            try:
                return await connection.fetch(query, *values, timeout=30)
            finally:
                await connection.close(timeout=5)

        return asyncio.run(ask())

    def valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.valkey_url)

    def storage(self) -> Minio:
        access, _, secret = self.root.partition(":")
        return Minio(urlsplit(self.storage_url).netloc, access, secret, secure=False, region="us-east-1")


def behind(stack: Stack) -> Behind:
    """Of an appliance with embedded parts, where they are now."""
    ports = json.loads((stack.data / "ports.json").read_text())
    secrets = json.loads((stack.data / "secrets.json").read_text())
    return Behind(
        f"postgresql://darkroom:{secrets['database']}@127.0.0.1:{ports['postgres']}/darkroom",
        f"redis://:{secrets['valkey']}@127.0.0.1:{ports['valkey']}/0",
        f"http://127.0.0.1:{ports['storage']}",
        secrets["storage_root"],
    )
