"""Whether what storage does not show counts as gone: only while every drive is here and filled."""

import asyncio

from appliance.upkeep.confirm import Degraded, surely_whole
from storage.admin import Admin
from storage.inspection import Inspector


async def sound(objects: Inspector, admin: Admin) -> None:
    """Raises Degraded, which says what is away, and StorageError."""
    await surely_whole(objects)
    if problems := (await asyncio.to_thread(admin.cluster)).problems:
        raise Degraded(f"storage is degraded: {'; '.join(problems)}")
