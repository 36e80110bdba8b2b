"""A slot whose link nobody got: the API died between the ledger's word and its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import asyncpg
import httpx
import psutil

from tests.appliance.client import Project, wait_for
from tests.faults.behind import behind
from tests.faults.parts import pid
from tests.ledger.intake import until
from tests.quotas.conftest import FORM_SECONDS, Connect, ask

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%open_slot%'"
_ROWS = "SELECT count(*) FROM ledger.assets WHERE owner = $1"
COUNT = 5


def test_it_runs_out_and_the_quota_comes_back(project: Project, connect: Connect) -> None:
    client = connect(project)
    with ThreadPoolExecutor(COUNT) as many:
        answers = asyncio.run(_killed_meanwhile(project, client, many))
    assert 201 not in answers
    wait_for(lambda: behind(project.stack).sql(_ROWS, project.id)[0]["count"] == COUNT, 20)
    wait_for(lambda: _usage(project) == {"slots": 0, "files": 0, "bytes": 0}, FORM_SECONDS + 60)
    listed = project.api.get(f"/projects/{project.id}/images").json()["images"]
    assert [image["error"]["code"] for image in listed] == ["upload_expired"] * COUNT


async def _killed_meanwhile(project: Project, client: httpx.Client, many: ThreadPoolExecutor) -> list[int]:
    """Links are asked for while the ledger holds still; it goes on once the API is killed. What the clients got."""
    connection = await asyncpg.connect(behind(project.stack).database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE ledger.usage IN EXCLUSIVE MODE")
            asked = [many.submit(ask, client, project) for _ in range(COUNT)]

            async def all_wait() -> bool:
                await connection.execute("SELECT pg_stat_clear_snapshot()")  # else it is that of the first look
                return bool(await connection.fetchval(_WAITING) >= COUNT)

            await until(all_wait, 20)
            first = psutil.Process(pid(project.stack, "api"))
            for process in (*first.children(recursive=True), first):
                with suppress(psutil.NoSuchProcess):  # it may end as its children do
                    process.kill()
    finally:
        await connection.close()
    return [answer.result().status_code for answer in asked]


def _usage(project: Project) -> dict[str, int] | None:
    """What the project takes up; None while the API is down."""
    answer = project.api.get(f"/projects/{project.id}/usage")
    return {name: answer.json()[name] for name in ("slots", "files", "bytes")} if answer.status_code == 200 else None
