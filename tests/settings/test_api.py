"""Settings over the API and by the command, on a whole appliance: in force at once, for all, and written down."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from appliance.config import Config
from appliance.settings.declared import live_in
from tests.appliance.client import Project, wait_for
from tests.appliance.test_readme import place, shell
from tests.faults.behind import behind
from tests.stack import Stack

__all__ = ["place"]
# What other tests on the same appliance would not notice.
DAYS, TOKEN = "webhook_attempt_days", "token_seconds"


@pytest.fixture
def project(stack: Stack) -> Iterator[Project]:
    made = Project(stack)
    yield made
    for key in (DAYS, TOKEN):
        assert made.server.delete(f"/settings/{key}").status_code in (204, 404)


def setting(project: Project, key: str) -> dict[str, Any]:
    answer = project.server.get(f"/settings/{key}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def put(project: Project, key: str, value: object) -> httpx.Response:
    return project.server.put(f"/settings/{key}", json={"value": value})


def last_change(project: Project) -> dict[str, Any]:
    entries = project.server.get("/settings/history").json()["history"]
    return next(entry for entry in entries if entry["key"])


def test_all_are_listed_with_what_they_change(project: Project) -> None:
    listed = project.server.get("/settings").json()
    assert [one["key"] for one in listed["settings"]] == list(live_in(Config))
    by_key = {one["key"]: one for one in listed["settings"]}
    one = by_key["form_seconds"]
    assert (one["value"], one["default"], one["from"], one["bounds"]) == (900, 900, "default", "1 to 7200")
    assert (one["unit"], one["variable"]) == ("seconds", "DARKROOM_FORM_SECONDS")
    assert one == setting(project, "form_seconds")
    assert listed["generation"] > 0, "what intake has synced at the start"


def test_a_change_is_in_force_in_all_processes_without_a_restart(project: Project) -> None:
    def longest() -> set[int]:
        """What several processes answer to who wants a token for two hours."""
        asked = {"project_id": project.id, "ttl": 7200}
        return {project.server.post("/tokens", json=asked).status_code for _ in range(12)}

    assert longest() == {400}
    pids = {name: part["pid"] for name, part in project.stack.parts().items()}
    changed = put(project, TOKEN, "2h")
    assert changed.status_code == 200, changed.text
    assert (changed.json()["value"], changed.json()["from"], changed.json()["set_by"]) == (7200, "database", "tests")
    wait_for(lambda: longest() == {201})
    assert put(project, TOKEN, 7100).status_code == 200
    wait_for(lambda: longest() == {400})
    assert {name: part["pid"] for name, part in project.stack.parts().items()} == pids


def test_what_is_refused_changes_nothing(project: Project) -> None:
    before = setting(project, DAYS)
    for value, said in ((-1, "0 to 365"), ("soon", "expected"), (True, "expected"), ([], "expected"), (1.5, "whole")):
        refused = put(project, DAYS, value)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "value")
        assert said in refused.text
    for body in ({}, {"value": None}, {"value": 1, "more": 2}):
        assert project.server.put(f"/settings/{DAYS}", json=body).status_code == 400
    for key, said in (("webhook_attempt_day", f"did you mean {DAYS}?"), ("api_port", "DARKROOM_API_PORT")):
        for answer in (put(project, key, 1), project.server.get(f"/settings/{key}")):
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_setting")
            assert said in answer.json()["detail"]
    assert project.server.delete(f"/settings/{DAYS}").status_code == 404
    assert project.server.post("/settings/rollback", json={"change": 10**15}).status_code == 404
    assert setting(project, DAYS) == before


def test_only_admin_keys_see_or_change_them(project: Project) -> None:
    made = project.stack.verb("apikey", "create", "an-application")
    plain = httpx.Client(base_url=project.stack.url, headers={"Authorization": f"Bearer {made.stdout.strip()}"})
    for client in (plain, project.api):
        for method, path, body in (
            ("GET", "/settings", None),
            ("GET", "/settings/history", None),
            ("GET", f"/settings/{DAYS}", None),
            ("PUT", f"/settings/{DAYS}", {"value": 1}),
            ("DELETE", f"/settings/{DAYS}", None),
            ("POST", "/settings/sync", None),
            ("POST", "/settings/rollback", None),
        ):
            assert client.request(method, path, json=body).status_code == 403, (method, path)


def test_the_history_says_who_and_a_change_is_taken_back(project: Project) -> None:
    for days in (3, 4):
        assert put(project, DAYS, days).status_code == 200
    entry = last_change(project)
    assert (entry["who"], entry["via"], entry["key"], entry["old"], entry["new"]) == ("tests", "api", DAYS, "3", "4")
    done = project.server.post("/settings/rollback", json={"change": entry["id"]})
    assert (done.status_code, done.json()["key"], done.json()["changed"]) == (200, DAYS, [DAYS])
    assert setting(project, DAYS)["value"] == 3
    assert project.server.post("/settings/rollback", json={"change": entry["id"]}).status_code == 404
    assert project.server.post("/settings/rollback").json()["key"] == DAYS
    assert setting(project, DAYS)["from"] == "default"
    page = project.server.get("/settings/history", params={"limit": 1}).json()
    older = project.server.get("/settings/history", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert older["history"][0]["id"] == page["history"][0]["id"] - 1


def test_force_sync_by_service_and_by_command(project: Project) -> None:
    """Each puts right what some other hand has done to Valkey, and takes in the file."""
    stack, redis = project.stack, behind(project.stack).valkey()
    for sync in (
        lambda: project.server.post("/settings/sync").json(),
        lambda: json.loads(stack.verb("settings", "sync", "--json").stdout),
    ):
        before = project.server.get("/settings").json()["generation"]
        redis.set(f"env_{DAYS}", "300")
        done = sync()
        assert done["generation"] > before
        assert redis.get(f"env_{DAYS}") == b"7"
        assert not redis.exists("env_syncing", f"env_{DAYS}_temp")
    file = stack.data / "settings.toml"
    file.write_text(f"{DAYS} = 12\n")
    file.chmod(0o644)
    try:
        assert project.server.post("/settings/sync").json()["changed"] == [DAYS]
        assert (setting(project, DAYS)["value"], setting(project, DAYS)["from"]) == (12, "file")
        file.write_text("no_such = 1\n")
        refused = project.server.post("/settings/sync")
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_settings_file")
    finally:
        file.unlink()
        assert project.server.post("/settings/sync").json()["changed"] == [DAYS]
    assert setting(project, DAYS)["from"] == "default"


def test_the_command_does_what_the_readme_says(
    place: tuple[Path, dict[str, str]], stack: Stack, project: Project
) -> None:
    said = shell(place, stack, project, "settings").splitlines()
    assert said[0].endswith(f": {DAYS}.")
    row = next(line for line in said if line.startswith(DAYS))
    assert row.split()[1:3] == ["14", "database"]
    undone = last_change(project)
    assert (undone["via"], undone["old"], undone["new"]) == ("command", "2w", None)
    history = [line for line in said if f"({undone['via']})" in line]
    assert len(history) == 4
    assert f'unset {DAYS} in the database: "2w" → nothing (takes back {undone["undoes"]})' in history[1]
    assert f'set {DAYS} in the database: nothing → "2w"' in history[3]
    assert undone["who"] in history[3]
    assert setting(project, DAYS)["value"] == 7


@pytest.mark.long
def test_the_command_gets_refuses_and_forgets(project: Project) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        done = project.stack.verb("settings", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout.strip() if code == 0 else done.stderr.strip()

    assert said("get", DAYS) == "7"
    assert said("set", DAYS, "14").endswith(f": {DAYS}.")
    assert said("unset", DAYS).endswith(f": {DAYS}.")
    assert "did you mean" in said("get", "webhook_attempt_day", code=1)
    assert said("get", "webhook_attempt_day", "--default", "9") == "9"
    assert "0 to 365" in said("set", DAYS, "366", code=1)
    assert "not set" in said("unset", DAYS, code=1)
    said("no-such-verb", code=2)
    assert [one["key"] for one in json.loads(said("list", "--json"))] == list(live_in(Config))


def test_a_flushed_valkey_is_filled_again_and_nobody_reads_anything_else_meanwhile(project: Project) -> None:
    assert put(project, TOKEN, 1800).status_code == 200

    def refused() -> bool:
        """By several processes, each of which hears of it within a second."""
        asked = {"project_id": project.id, "ttl": 3600}
        return {project.server.post("/tokens", json=asked).status_code for _ in range(12)} == {400}

    wait_for(refused)
    redis = behind(project.stack).valkey()
    for key in redis.keys("env_*"):
        redis.delete(key)
    limit = time.monotonic() + 20
    while not redis.exists("env_generation"):
        assert time.monotonic() < limit
        asked = project.server.post("/tokens", json={"project_id": project.id, "ttl": 3600})
        assert asked.status_code == 400, "which 1800 does not allow, and the default would"
        time.sleep(0.2)
    assert redis.get(f"env_{TOKEN}") == b"1800"
