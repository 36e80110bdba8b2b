"""The daily sync, and those in between that nobody asks for."""

from typing import Any

import pytest

from appliance.settings import published, service
from appliance.settings.jobs import Keeper
from appliance.settings.sources import FILE
from appliance.settings.sync import NotSynced
from tests.settings.conftest import ALICE, House
from tests.settings.rows import Rows
from tests.settings.test_sync import Trouble, at, fail

_AGE = "UPDATE settings_published SET synced_at = synced_at - interval '25 hours'"


@pytest.fixture
def keeper(house: House) -> Keeper:
    return Keeper(house.config, house.config, house.redis)


async def test_the_daily_sync(house: House, keeper: Keeper) -> None:
    assert [await keeper.keep() for _ in range(3)] == ["start", "", ""]
    first = await published.in_force()
    assert first
    house.postgres.psql("shared", _AGE)
    house.valkey.client().set("env_project_files", "5")  # by whatever hand
    assert [await keeper.keep() for _ in range(3)] == ["daily", "", ""]
    force = await published.in_force()
    assert force
    assert force.told.generation == first.told.generation + 1
    assert house.stored()["env_project_files"] == "0"
    entry = (await service.history(1))[0]
    assert (entry["who"], entry["via"], entry["action"]) == ("the appliance", "daily", "sync")


async def test_the_time_of_day_is_the_operators(house: House) -> None:
    """Due is what was synced before the last such time of the day."""
    for key, text in (("timezone", "UTC"), ("settings_at", "00:00")):
        await service.change(house.redis, key, text, ALICE, Rows)
    settings = await house.read()
    keeper = Keeper(house.config, settings, house.redis)
    assert await keeper.keep() == "start"
    since_midnight = "UPDATE settings_published SET synced_at = date_trunc('day', now(), 'UTC')"
    house.postgres.psql("shared", since_midnight)
    assert await keeper.keep() == ""
    house.postgres.psql("shared", since_midnight + " - interval '1 second'")
    assert await keeper.keep() == "daily"


async def test_the_start_takes_in_environment_and_file(
    house: House, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_PROJECT_FILES", "3")
    monkeypatch.setenv("DARKROOM_USER_FILES", "4")
    monkeypatch.setenv("DARKROOM_MAIL_PASSWORD", "hush")
    (house.config.data / FILE).write_text("user_files = 5\n")
    assert await keeper.keep() == "start"
    now = await house.read()
    assert (now.project_files, now.user_files) == (3, 5)
    assert "hush" not in house.postgres.psql("shared", "SELECT * FROM settings")
    monkeypatch.delenv("DARKROOM_PROJECT_FILES")
    assert await Keeper(house.config, house.config, house.redis).keep() == "start"
    assert (await house.read()).project_files == 0, "an appliance that is started without it"


async def test_a_file_that_is_wrong_keeps_nothing_from_being_synced(house: House, keeper: Keeper) -> None:
    (house.config.data / FILE).write_text("user_files = -5\n")
    await house.put(project_files="3")
    assert await keeper.keep() == "start"
    assert (await house.read()).project_files == 3


async def test_a_change_whose_sync_failed_is_made_up_for(house: House, keeper: Keeper) -> None:
    assert await keeper.keep() == "start"
    await house.redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(NotSynced, match="The change is kept"):
            await service.change(house.redis, "project_files", "9", ALICE, Rows)
        assert (await service.one("project_files", Rows))["pending"]
        assert (await house.read()).project_files == 0
    finally:
        await house.redis.config_set("maxmemory", 0)
    assert await keeper.keep() == "change"
    assert (await house.read()).project_files == 9
    assert not (await service.one("project_files", Rows))["pending"]


async def test_a_flushed_valkey_is_filled_again(house: House, keeper: Keeper) -> None:
    assert await keeper.keep() == "start"
    client: Any = house.valkey.client()
    client.flushall()
    assert await keeper.keep() == "repair"
    assert house.stored()["env_project_slots"] == "10000"


async def test_a_start_clears_up_after_a_sync_that_was_killed_even_if_it_can_not_sync_itself(house: House) -> None:
    await house.put(project_files="1")
    await house.sync()
    await house.put(project_files="2")
    process = house.process("syncing", "check")
    assert process.stdout
    assert process.stdout.readline() == "check\n"
    process.kill()
    process.communicate()
    assert "env_syncing" in house.stored()
    with pytest.raises(Trouble):
        await house.sync(watch=at("keep", fail))
    stored = house.stored()
    assert stored["env_project_files"] == "1"
    assert not {"env_syncing", "env_project_files_temp"} & stored.keys()
