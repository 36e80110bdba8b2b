"""A sync is seen as a whole or not at all: whatever fails in it, is killed, or flushed meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from appliance.settings import published, service
from appliance.settings.jobs import Keeper
from appliance.settings.layers import put
from appliance.settings.sync import STEPS, NotSynced
from tests.settings.conftest import ALICE, House
from tests.settings.rows import Rows

EVERY_STEP = (*STEPS, "ended")
SECRET = "a-word-that-nobody-may-read"
OLD, NEW = ("7", "7", "on"), ("8", "8", "off")
DECIDED = EVERY_STEP.index("publish") + 1
"""From this step on the new set is in force, whatever happens."""


class Trouble(Exception):
    """What a test has happen in a step."""


def at(stop: str, happens: Callable[[], Awaitable[Any] | Any]) -> Callable[[str], Awaitable[None]]:
    """Has something happen just before a step."""

    async def watch(step: str) -> None:
        if step == stop:
            result = happens()
            if isinstance(result, Awaitable):
                await result

    return watch


def fail() -> None:
    raise Trouble


async def change(house: House, texts: tuple[str, str, str]) -> None:
    await house.put(project_files=texts[0], user_files=texts[1], bundles=texts[2])


async def seen(house: House) -> tuple[str, str, str]:
    """What a process reads, in the words that it was set by."""
    now = await house.read()
    return str(now.project_files), str(now.user_files), "on" if now.bundles else "off"


async def begun(house: House) -> None:
    """The old set is in force, the new one only set."""
    await change(house, OLD)
    await house.sync()
    await change(house, NEW)


async def check_settled(house: House, expected: tuple[str, str, str]) -> None:
    """No flag, nothing kept beside; all who read see `expected`, with Valkey and without."""
    stored = house.stored()
    assert "env_syncing" not in stored
    assert not [name for name in stored if name.endswith("_temp")]
    assert stored["env_project_files"] == expected[0]
    assert await seen(house) == expected
    force = await published.in_force()
    assert force
    assert force.told.values["project_files"] == expected[0]


async def test_what_is_set_is_in_valkey_under_its_name_once_it_is_synced(house: House) -> None:
    await house.put(project_files="12", webhook_days="2d")
    done = await house.sync()
    stored = house.stored()
    assert (stored["env_project_files"], stored["env_webhook_days"]) == ("12", "2d")
    assert stored["env_project_slots"] == "10000", "defaults too"
    assert not [name for name in stored if name.endswith("_temp") or name == "env_syncing"]
    assert {"project_files", "webhook_days", "project_slots"} <= set(done.changed), "all is new in the first set"
    again = await house.sync()
    assert (again.generation, again.changed) == (done.generation + 1, [])


async def test_during_a_sync_there_is_a_flag_and_what_was_before_is_kept(house: House) -> None:
    await begun(house)
    looks: dict[str, dict[str, str]] = {}
    readings: dict[str, tuple[str, str, str]] = {}

    async def watch(step: str) -> None:
        looks[step], readings[step] = house.stored(), await seen(house)

    await house.sync(watch=watch)
    assert tuple(looks) == EVERY_STEP
    assert [step for step, look in looks.items() if "env_syncing" in look] == ["write", "check", "publish", "end"]
    for step in ("write", "check", "publish", "end"):
        assert looks[step]["env_project_files_temp"] == OLD[0], step
    assert looks["check"]["env_project_files"] == NEW[0]
    assert set(readings.values()) == {OLD, NEW}
    assert [step for step, reading in readings.items() if reading == NEW] == ["ended"]
    await check_settled(house, NEW)


@pytest.mark.parametrize("step", EVERY_STEP)
async def test_failure_at_every_step(house: House, step: str) -> None:
    await begun(house)
    with pytest.raises(Trouble):
        await house.sync(watch=at(step, fail))
    decided = EVERY_STEP.index(step) >= DECIDED
    await check_settled(house, NEW if decided else OLD)
    notes = [entry["note"] for entry in await service.history(50) if entry["action"] == "restore"]
    assert len(notes) == (step in ("write", "check", "publish")), "said where something was brought back"
    assert (await house.sync()).changed == ([] if decided else ["bundles", "project_files", "user_files"])
    await check_settled(house, NEW)


@pytest.mark.parametrize("step", EVERY_STEP)
async def test_kill_9_at_every_step(house: House, step: str) -> None:
    """The next sync, as each start does one, clears up first; until then the old set is read."""
    await begun(house)
    process = house.process("syncing", step)
    assert process.stdout
    try:
        assert process.stdout.readline().strip() == step
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert await seen(house) == (NEW if step == "ended" else OLD)
    for key, text in (("project_files", OLD[0]), ("user_files", OLD[1]), ("bundles", OLD[2])):
        await put(service.find(Rows, key), text, ALICE)  # so that the sync itself would not bring the new set
    with pytest.raises(Trouble):
        await house.sync(watch=at("keep", fail))
    await check_settled(house, NEW if EVERY_STEP.index(step) >= DECIDED else OLD)
    restored = [entry for entry in await service.history(50) if entry["action"] == "restore"]
    assert len(restored) == (step in ("write", "check", "publish")), "said where something was brought back"


@pytest.mark.parametrize("step", EVERY_STEP)
async def test_a_valkey_flushed_at_every_step(house: House, step: str) -> None:
    """Readers go on by the database, with one of the two sets, and the appliance's own look repairs it."""
    await begun(house)
    keeper = Keeper(house.config, house.config, house.redis)
    await change(house, OLD)
    assert await keeper.keep() == "start"
    await change(house, NEW)
    try:
        await house.sync(watch=at(step, house.redis.flushall))
        ended = True
    except NotSynced:
        ended = False
    assert ended == (step in ("keep", "ended")), "a sync that was flushed away says so"
    assert await seen(house) == (NEW if ended or step in ("publish", "end") else OLD)
    assert await keeper.keep() == ("" if step == "keep" else "repair")
    await check_settled(house, NEW)


@pytest.mark.parametrize("step", STEPS)
async def test_a_valkey_that_takes_no_more_at_every_step(house: House, step: str) -> None:
    """Where something has to be written the old set comes back; what is only to be taken away can be."""
    await begun(house)
    writes = step in ("keep", "write")
    try:
        if writes:
            with pytest.raises(NotSynced, match="memory"):
                await house.sync(watch=at(step, lambda: house.redis.config_set("maxmemory", 1)))
        else:
            await house.sync(watch=at(step, lambda: house.redis.config_set("maxmemory", 1)))
        await check_settled(house, OLD if writes else NEW)
    finally:
        await house.redis.config_set("maxmemory", 0)


@pytest.mark.parametrize("step", STEPS)
async def test_a_postgres_that_drops_all_connections_at_every_step(house: House, step: str) -> None:
    await begun(house)
    drop = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'shared'"
    try:
        await house.sync(watch=at(step, lambda: house.postgres.psql("postgres", drop) and None))
    except NotSynced:
        assert await seen(house) in (OLD, NEW)
    for _ in range(20):  # the pool has as many broken connections as it had open
        try:
            await house.sync()
            break
        except NotSynced:
            await asyncio.sleep(0.05)
    await check_settled(house, NEW)


async def test_two_syncs_at_once_are_one_after_the_other(house: House) -> None:
    await begun(house)
    done = await asyncio.gather(*(house.sync() for _ in range(6)))
    assert len({one.generation for one in done}) == 6
    await check_settled(house, NEW)


async def test_who_has_lost_the_lock_changes_nothing_any_more(house: House) -> None:
    """A sync whose lock went with its connection, while another one has been and gone."""
    await begun(house)
    unlock = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"

    async def overtake() -> None:
        house.postgres.psql("postgres", unlock)
        await house.sync()
        await house.put(project_files="9")

    with pytest.raises(NotSynced):
        await house.sync(watch=at("write", overtake))
    await check_settled(house, NEW)


async def test_secrets_are_read_by_who_needs_them_and_are_nowhere_else(house: House) -> None:
    await house.put(mail_password=SECRET)
    await house.sync()
    assert (await house.read()).mail_password == SECRET
    client: Any = house.valkey.client()
    everything = [(name, client.dump(name), client.type(name)) for name in client.keys("*")]
    assert everything
    assert not [name for name, *_ in everything if b"password" in name]
    assert not [name for name, content, _ in everything if SECRET.encode() in content]
    tables = "SELECT row_to_json(t) FROM settings_published t; SELECT row_to_json(t) FROM settings_history t"
    told = house.postgres.psql("shared", tables)
    assert "mail_password" in told, "that it was set is told"
    assert SECRET not in told
    for shown in (await service.listed(Rows), await service.one("mail_password", Rows), await service.history(9)):
        assert SECRET not in repr(shown)
    assert SECRET not in repr(await house.read())
