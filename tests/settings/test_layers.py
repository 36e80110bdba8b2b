"""What is set where, by whom, and taken back by whom."""

import pytest

from appliance.errors import Conflict, NotFound
from appliance.settings import layers, service, sources
from appliance.settings.declared import live_in
from appliance.settings.layers import Author
from appliance.settings.sources import FILE, BadFile
from appliance.settings.tables import Layer
from tests.settings.conftest import ALICE, House
from tests.settings.rows import Rows

BOB = Author("bob", "tests")
TABLE = live_in(Rows)


async def value(key: str = "project_files") -> tuple[object, str]:
    """A setting as it is listed, and where that is from."""
    shown = await service.one(key, Rows)
    return shown["value"], shown["from"]


async def told() -> list[tuple[str, ...]]:
    """The changes of the history, the newest first."""
    entries = await service.history(50)
    names = ("who", "action", "layer", "key", "old", "new")
    return [tuple(entry[name] for name in names) for entry in entries if entry["key"]]


async def test_each_layer_goes_before_those_below_it_and_comes_back_when_that_above_goes(house: House) -> None:
    assert await value() == (0, "default")
    given = {"project_files": "1", "user_files": "1"}
    await layers.replace(Layer.ENVIRONMENT, given, (), Author("environment", "start"))
    assert await value() == (1, "environment")
    (house.config.data / FILE).write_text("project_files = 2\n")
    await service.read_file(house.config.data, "", ALICE, Rows)
    assert await value() == (2, "file")
    await house.put(project_files="3")
    assert await value() == (3, "database")
    await service.reset(house.redis, "project_files", ALICE, Rows)
    assert await value() == (2, "file")
    (house.config.data / FILE).unlink()
    await service.read_file(house.config.data, "", ALICE, Rows)
    assert await value() == (1, "environment")
    await layers.replace(Layer.ENVIRONMENT, {}, (), Author("environment", "start"))
    assert await value() == (0, "default")
    assert [change for change in await told() if change[3] == "project_files"] == [
        ("environment", "unset", "environment", "project_files", "1", None),
        (FILE, "unset", "file", "project_files", "2", None),
        ("alice", "unset", "database", "project_files", "3", None),
        ("alice", "set", "database", "project_files", None, "3"),
        (FILE, "set", "file", "project_files", None, "2"),
        ("environment", "set", "environment", "project_files", None, "1"),
    ]


async def test_a_file_of_one_host_does_not_take_away_that_of_another(house: House) -> None:
    path = house.config.data / FILE
    path.write_text("project_files = 2\n")
    await service.read_file(house.config.data, "one", ALICE, Rows)
    path.unlink()
    await service.read_file(house.config.data, "two", ALICE, Rows)
    assert await value() == (2, "file")
    await service.read_file(house.config.data, "one", ALICE, Rows)
    assert await value() == (0, "default")


def test_a_file_says_it_in_toml_whatever_the_kind(house: House) -> None:
    (house.config.data / FILE).write_text(
        "video_ladder = [360, 720]\n"
        'project_bytes = "4T"\nbundles = false\nstorage_free_percent = 2.5\nclean_at = "03:00"\n'
        'networks = ["10.0.0.0/8", "fd00::/8"]\nsizes = [[1, 2]]\nmail_password = "hush"\n[headers]\na = 1\n'
    )
    texts = sources.of_file(Rows, house.config.data)
    assert {key: TABLE[key].cast(text) for key, text in texts.items()} == {
        "project_bytes": 4 * 10**12,
        "bundles": False,
        "storage_free_percent": 2.5,
        "clean_at": "03:00",
        "networks": ("10.0.0.0/8", "fd00::/8"),
        "video_ladder": (360, 720),
        "sizes": [[1, 2]],
        "mail_password": "hush",
        "headers": {"a": 1},
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("project_files = -1", "project_files: expected 0 or more"),
        ("project_files = true", "project_files: expected"),
        ("project_files = 2026-11-26", "project_files: expected"),
        ("project_file = 1", "did you mean project_files"),
        ("api_port = 1", "when the appliance starts"),
        ("project_files", "settings.toml"),
        ("\xff", "settings.toml"),
    ],
)
async def test_a_file_that_is_wrong_is_refused_and_what_it_said_before_counts(
    house: House, content: str, said: str
) -> None:
    path = house.config.data / FILE
    path.write_text("project_files = 2\n")
    await service.sync_now(house.redis, house.config, ALICE)
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadFile, match=said):
        await service.sync_now(house.redis, house.config, ALICE)
    assert await value() == (2, "file")
    assert (await house.read()).project_files == 2


async def test_changes_are_taken_back_one_by_one_the_last_first(house: House) -> None:
    await service.change(house.redis, "project_files", "1", ALICE, Rows)
    await service.change(house.redis, "project_files", "2", BOB, Rows)
    await service.change(house.redis, "user_files", "5", BOB, Rows)
    await service.reset(house.redis, "project_files", ALICE, Rows)
    read = []
    for _ in range(4):
        key, done = await service.rollback(house.redis, None, ALICE, Rows)
        now = await house.read()
        read.append((key, now.project_files, now.user_files))
        assert done.changed == [key]
    assert read == [
        ("project_files", 2, 5),
        ("user_files", 2, 0),
        ("project_files", 1, 0),
        ("project_files", 0, 0),
    ]
    with pytest.raises(Conflict, match="no change"):
        await service.rollback(house.redis, None, ALICE, Rows)


async def test_a_change_that_another_one_stands_on_is_not_taken_back(house: House) -> None:
    for text in ("1", "2"):
        await service.change(house.redis, "project_files", text, ALICE, Rows)
    await service.change(house.redis, "user_files", "9", ALICE, Rows)
    first, second, other = (entry["id"] for entry in reversed(await service.history(9)) if entry["key"])
    with pytest.raises(Conflict, match="later change first"):
        await service.rollback(house.redis, first, ALICE, Rows)
    for change in (second, first):
        await service.rollback(house.redis, change, ALICE, Rows)
    with pytest.raises(NotFound):
        await service.rollback(house.redis, first, ALICE, Rows)
    now = await house.read()
    assert (now.project_files, now.user_files) == (0, 9)
    undoing = [entry["undoes"] for entry in await service.history(20) if entry["undoes"]]
    assert undoing == [first, second]
    assert other not in undoing


async def test_what_a_secret_was_is_not_kept_and_so_not_brought_back(house: House) -> None:
    await service.change(house.redis, "mail_password", "hush", ALICE, Rows)
    with pytest.raises(Conflict, match="is not kept"):
        await service.rollback(house.redis, None, ALICE, Rows)
    assert (await house.read()).mail_password == "hush"


async def test_setting_the_same_again_is_no_change(house: House) -> None:
    for _ in range(2):
        await service.change(house.redis, "project_files", "1", ALICE, Rows)
    assert len(await told()) == 1
    with pytest.raises(NotFound, match="not set"):
        await service.reset(house.redis, "user_files", ALICE, Rows)
