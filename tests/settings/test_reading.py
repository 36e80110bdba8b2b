"""What processes read: by type, of one piece, from whatever answers, and never waiting."""

import asyncio
import time
from subprocess import Popen
from typing import Any

import pytest

from appliance.ledger.database import engine, pool
from appliance.settings import service
from appliance.settings.declared import UnknownSetting
from appliance.settings.layers import Author
from appliance.settings.reading import Reader, in_force
from appliance.settings.sync import STEPS, NotSynced
from appliance.valkey import quick
from tests.daemons.process import free_port
from tests.ledger.intake import until
from tests.settings.conftest import ALICE, House
from tests.settings.rows import Colour, Rows

SAME = ("project_files", "user_files", "address_files", "project_bytes", "user_bytes", "address_bytes")
"""Settings that are set to the same number before each sync: any other reading is of two sets."""
PROCESSES = 4


async def reader(house: House) -> Reader:
    made = Reader(house.config, house.redis)
    await made.look()
    return made


async def test_get_casts(house: House) -> None:
    await house.put(
        project_bytes="4T", webhook_retry_seconds="250ms", bundles="no", colour="blue", headers='{"a": 1}', sizes="[1]"
    )
    await house.put(networks="10.0.0.0/8 fd00::/8", clean_at="04:30", events_days="2w")
    await house.sync()
    get = (await reader(house)).get
    found = {key: get(key) for key in ("project_bytes", "webhook_retry_seconds", "bundles", "colour", "headers")}
    assert found == {
        "project_bytes": 4 * 10**12,
        "webhook_retry_seconds": 0.25,
        "bundles": False,
        "colour": Colour.BLUE,
        "headers": {"a": 1},
    }
    assert (get("sizes"), get("networks")) == ([1], ("10.0.0.0/8", "fd00::/8"))
    assert (get("clean_at"), get("events_days"), get("user_slots")) == ("04:30", 14, 1000)


async def test_get_of_what_there_is_not(house: House) -> None:
    get = (await reader(house)).get
    with pytest.raises(UnknownSetting, match="did you mean project_files"):
        get("project_file")
    assert get("project_file", 7) == 7
    assert get("project_file", None) is None
    assert get("project_files", 7) == 0, "a default is for what there is not"
    with pytest.raises(UnknownSetting, match="when the appliance starts"):
        get("api_port")


async def test_before_the_first_sync_it_is_what_the_process_was_started_with(house: House) -> None:
    started = Rows(database_url=house.config.database_url, valkey_url=house.config.valkey_url, project_files=5)
    made = Reader(started, house.redis)
    await made.look()
    assert (made.now.project_files, made.generation) == (5, 0)


async def test_a_change_is_seen_without_a_restart(house: House) -> None:
    made = await reader(house)
    running = asyncio.create_task(made.run())
    await service.change(house.redis, "project_files", "12", ALICE, Rows)

    async def read() -> bool:
        return made.now.project_files == 12

    await until(read, 20)
    assert made.generation == 1
    running.cancel()


@pytest.mark.filterwarnings("ignore:.*No pool is running")  # the fixture closes what is closed here
async def test_without_valkey_the_database_is_read_and_without_both_what_was_known(house: House) -> None:
    await service.change(house.redis, "project_files", "12", ALICE, Rows)
    lost = Reader(house.config, quick(f"redis://127.0.0.1:{free_port()}"))
    await lost.look()
    assert lost.now.project_files == 12
    assert (await in_force(house.config)).project_files == 12
    known, new = await reader(house), Reader(house.config, quick(f"redis://127.0.0.1:{free_port()}"))
    known._redis = new._redis
    await engine().close_connection_pool()
    before = engine().config
    engine().config = {"dsn": f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"}
    try:
        for one in (known, new):
            await one.look()
        assert (known.now.project_files, new.now.project_files) == (12, 0)
    finally:
        engine().config = before
    async with pool(1):
        await new.look()
        assert new.now.project_files == 12


async def test_a_valkey_that_hangs_keeps_nobody_waiting(house: House) -> None:
    await service.change(house.redis, "project_files", "12", ALICE, Rows)
    made = Reader(house.config, house.redis)
    house.valkey.daemon.freeze()
    try:
        began = time.monotonic()
        await made.start()
        assert time.monotonic() - began < 6
        assert made.now.project_files == 12
        running, slowest = asyncio.create_task(made.run()), 0.0
        for _ in range(300):
            began = time.monotonic()
            assert made.get("project_files") == 12
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.005)
        running.cancel()
        assert slowest < 0.5, "an answer would be waited for for two seconds"
    finally:
        house.valkey.daemon.thaw()


@pytest.mark.parametrize("lost", ["env_project_files", "env_generation"])
async def test_a_set_that_is_not_whole_counts_for_nothing(house: House, lost: str) -> None:
    await service.change(house.redis, "project_files", "12", ALICE, Rows)
    client: Any = house.valkey.client()
    client.delete(lost)
    client.set("env_user_files", "666")
    now = await house.read()
    assert (now.project_files, now.user_files) == (12, 0), "the database's"


async def test_a_value_that_this_release_does_not_take_counts_for_nothing(house: House) -> None:
    await house.sync()
    client: Any = house.valkey.client()
    client.set("env_project_files", "as many as you like")
    client.set("env_user_files", "3")
    now = await house.read()
    assert (now.project_files, now.user_files) == (0, 3)


async def check_reads_during_syncs(house: House, syncs: int, reads: int) -> None:
    """At least so many of both, side by side all the while. A part of the syncs fails half way: each reading is of one
    set all the same, and none is of an older one than the one before.
    """
    await house.put(**dict.fromkeys(SAME, "0"))
    await house.sync()
    processes = [house.process("reads", str(reads // PROCESSES), *SAME) for _ in range(PROCESSES)]
    try:
        assert await asyncio.gather(*map(_said, processes)) == ["reading"] * PROCESSES
        enough = asyncio.gather(*map(_said, processes))
        done = failed = 0
        while done < syncs or not enough.done():
            done += 1
            await house.put(**dict.fromkeys(SAME, str(done)))
            failed += not await _synced(house, STEPS[done // 5 % len(STEPS)] if done % 5 == 0 else "")
        ended = await asyncio.gather(*(asyncio.to_thread(process.communicate) for process in processes))
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0] * PROCESSES, ended
    assert await enough == ["enough"] * PROCESSES
    assert failed == done // 5
    assert min(int(said) for said, _ in ended) > syncs // 10, "each has read many sets"


async def _said(process: Popen[str]) -> str:
    assert process.stdout
    return (await asyncio.to_thread(process.stdout.readline)).strip()


async def _synced(house: House, fails_at: str) -> bool:
    async def watch(step: str) -> None:
        await asyncio.sleep(0.005)
        if step == fails_at:
            raise NotSynced

    try:
        await house.sync(watch=watch)
    except NotSynced:
        return False
    return True


async def test_reads_by_4_processes_during_syncs(house: House) -> None:
    await check_reads_during_syncs(house, 10, 4 * 250)


@pytest.mark.long
async def test_100_000_reads_by_4_processes_during_100_syncs(house: House) -> None:
    await check_reads_during_syncs(house, 100, 100_000)


async def test_the_author_of_a_sync_is_told(house: House) -> None:
    await house.put(project_files="1")
    await house.sync()
    await service.change(house.redis, "project_files", "2", Author("bob", "api"), Rows)
    told = [(entry["who"], entry["via"], entry["action"]) for entry in await service.history(9)]
    assert told == [
        ("bob", "api", "sync"),
        ("bob", "api", "set"),
        ("alice", "tests", "sync"),
        ("alice", "tests", "set"),
    ]
