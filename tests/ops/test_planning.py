"""What a verb can tell of an appliance that runs: and where it can't, the sentence that says why and what to do."""

import pytest

from ops import inventory, planning, variables
from ops.commands import status
from ops.folder import DataFolder

pytestmark = pytest.mark.pure

PORTS = {"postgres": 20001, "valkey": 20002, "storage": 20003, "api": 20004}


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    """As after a start with all parts here."""
    made = DataFolder(tmp_path)
    made.make()
    made.write("ports.json", PORTS)
    made.write("state.json", {"parts": [{"name": name} for name in (*PORTS, "edge")]})
    return made


def test_what_was_set_up_is_known_wherever_the_server_is(folder, monkeypatch):
    monkeypatch.setenv("DARKROOM_MINIO", "/no/such/server")
    plan = planning.known(folder, {"DARKROOM_MINIO": "/no/such/server"})
    assert plan.ports == PORTS


def test_what_was_never_started_is_said(tmp_path):
    folder = DataFolder(tmp_path)
    folder.make()
    with pytest.raises(planning.NotKnown, match="has not been set up yet"):
        planning.known(folder, {})


def test_the_variable_of_a_part_elsewhere_is_named(folder):
    folder.write("state.json", {"parts": [{"name": name} for name in ("valkey", "api", "edge")]})
    with pytest.raises(planning.NotKnown) as problem:
        planning.known(folder, {"DARKROOM_STORAGE_URL": "http://s3.lan:9000"})
    assert str(problem.value).startswith("DARKROOM_DATABASE_URL must be set")


def test_a_password_that_everybody_knows_is_said(folder):
    given = {"DARKROOM_DATABASE_URL": "postgresql://darkroom:postgres@db.lan/darkroom"}
    with pytest.raises(planning.NotKnown, match="default or empty password"):
        planning.known(folder, given)


@pytest.mark.parametrize(
    ("name", "value"),
    [("IMAGE_WORKERS", "abc"), ("IMAGE_WORKERS", "1.5"), ("CLEAN_HOURS", "two"), ("CLEAN_HOURS", "nan")],
)
def test_a_number_that_is_none_is_named(folder, name, value):
    environment = {f"DARKROOM_{name}": value}
    with pytest.raises(variables.BadNumber, match=f"DARKROOM_{name} is '{value}'"):
        inventory.parts(planning.known(folder, environment), environment)


@pytest.mark.parametrize("given", [{"DARKROOM_IMAGE_WORKERS": "abc"}, {"DARKROOM_VALKEY_URL": "redis://:redis@q.lan"}])
async def test_status_shows_what_the_supervisor_says_where_it_can_not_ask(folder, given):
    row = {
        "role": "api",
        "port": 1,
        "once": False,
        "state": "running",
        "pid": 1,
        "health": "",
        "restarts": 0,
        "began": 0,
    }
    folder.write("state.json", {"phase": "ready", "parts": [{**row, "name": name} for name in PORTS]})
    assert folder.take()
    report = await status.examine(folder, given)
    assert next(iter(given)) in report["problem"]
    assert next(iter(given)) in status.table(report)
    assert {part["health"] for part in report["parts"]} == {"running"}, "nothing is called well that was not asked"
