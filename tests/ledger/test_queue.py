"""The traps of the queue that would leave a photo waiting."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from appliance.queue import worker
from tests.ledger.intake import Intake, until


async def test_a_job_of_a_worker_killed_before_its_claim_is_done_by_the_next(intake: Intake) -> None:
    asset, ran = uuid4(), []

    async def job(context: dict[str, Any], asset: str) -> None:
        ran.append(UUID(asset))

    await intake.queue.put("images", asset, 1)
    intake.valkey.set(f"arq:retry:{asset}:1", 1)  # what the killed one left behind
    loop = worker(intake.url, "images", job, {}, 2, 90)
    running = asyncio.create_task(loop.async_run())

    async def done() -> bool:
        return ran == [asset] and not intake.valkey.keys("arq:*")

    try:
        await until(done)
        assert ran == [asset]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await loop.close()
