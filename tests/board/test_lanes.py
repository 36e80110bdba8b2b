"""Lanes of a whole appliance: paused and resumed, and given more at once, while its workers run."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from psutil import NoSuchProcess

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.settings import wait_in_force
from tests.appliance.test_metrics import decoders
from tests.faults.behind import behind
from tests.faults.parts import WORKERS

PHOTO = pictures.jpeg(300, 200)
IN_FORCE_SECONDS = 2.5
STARTED_WITH = 4  # two workers, two jobs each


def lane(project: Project, name: str = "images") -> dict[str, Any]:
    answer = project.server.get("/admin/lanes")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = next(one for one in answer.json()["lanes"] if one["lane"] == name)
    return found


def at_once(project: Project, name: str, count: int) -> dict[str, Any]:
    answer = project.server.put(f"/admin/lanes/{name}/at-once", json={"at_once": count})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def codes(project: Project) -> set[tuple[str, str]]:
    findings = project.server.get("/admin/glance").json()["findings"]
    return {(one["code"], one["about"].get("lane", "")) for one in findings}


def test_a_paused_lane_begins_nothing_and_goes_on_when_resumed(project: Project) -> None:
    before = project.upload(PHOTO)
    wait_for(lambda: project.image(before)["state"] in ("processing", "done"))
    paused = project.server.post("/admin/lanes/images/pause")
    assert (paused.status_code, paused.json()["paused"]) == (200, True)
    assert project.ended(before)["state"] == "done", "what was begun before is still done"
    wait_for(lambda: lane(project)["at_once"] == 0)
    waiting = project.upload(PHOTO)
    wait_for(lambda: project.image(waiting)["state"] == "uploaded")
    time.sleep(IN_FORCE_SECONDS)
    assert project.image(waiting)["state"] == "uploaded"
    told = lane(project)
    assert (told["paused"], told["at_once"], told["workers"]) == (True, 0, 2)
    assert told["waiting"] >= 1
    assert told["oldest_since"]
    assert ("lane_paused", "images") in codes(project)
    assert "backlog" not in {code for code, _ in codes(project)}
    assert project.server.post("/admin/lanes/images/resume").json()["paused"] is False
    assert project.ended(waiting)["state"] == "done"
    wait_for(lambda: ("lane_paused", "images") not in codes(project))  # each process of the API looks by itself


def test_it_is_a_setting_with_history_that_is_taken_back(project: Project) -> None:
    assert project.server.post("/admin/lanes/images/pause").status_code == 200
    entry = project.server.get("/settings/history", params={"limit": 5}).json()["history"]
    change = next(one for one in entry if one["key"])
    assert (change["key"], change["new"], change["who"], change["via"]) == ("images_paused", "true", "tests", "api")
    shown = json.loads(project.stack.verb("settings", "list", "--json").stdout)
    assert next(one["value"] for one in shown if one["key"] == "images_paused") is True
    assert project.server.post("/settings/rollback", json={"change": change["id"]}).status_code == 200
    wait_for(lambda: lane(project)["paused"] is False)  # each process of the API looks by itself


def test_each_worker_may_do_more_at_once_without_being_started_again(project: Project) -> None:
    pids = {name: part["pid"] for name, part in project.stack.parts().items()}
    wait_for(lambda: lane(project)["at_once"] == STARTED_WITH)
    assert at_once(project, "images", 3)["wished"] == 3
    wait_for(lambda: lane(project)["at_once"] == 6)
    at_once(project, "media", 2)
    wait_for(lambda: lane(project, "media")["at_once"] == 2)
    at_once(project, "images", 0)
    wait_for(lambda: lane(project)["at_once"] == STARTED_WITH)
    assert {name: part["pid"] for name, part in project.stack.parts().items()} == pids


def test_more_photos_are_under_way_at_once_where_more_may_be(project: Project) -> None:
    """Seen while the decoders stand still, each with the first photo of its worker."""
    assert project.server.put("/settings/develop_seconds", json={"value": 60}).status_code == 200
    for worker in WORKERS:
        wait_in_force(project.stack, worker)
    at_once(project, "images", 3)
    wait_for(lambda: lane(project)["at_once"] == 6)
    stopped = decoders(project.stack)
    for process in stopped:
        with suppress(NoSuchProcess):
            process.suspend()
    try:
        made = [project.upload(PHOTO) for _ in range(8)]
        wait_for(lambda: lane(project)["under_way"] == 6)
        wait_for(lambda: lane(project)["waiting"] == 2)
        assert lane(project)["under_way"] == 6
    finally:
        for process in stopped:
            with suppress(NoSuchProcess):
                process.resume()
    assert {project.ended(one)["state"] for one in made} == {"done"}


@pytest.mark.long
def test_neither_a_flushed_valkey_nor_a_killed_worker_ends_a_pause(project: Project) -> None:
    assert project.server.post("/admin/lanes/images/pause").status_code == 200
    time.sleep(IN_FORCE_SECONDS)
    behind(project.stack).valkey().flushall()
    for worker in WORKERS:
        project.stack.kill(worker)
    project.stack.wait_well()
    waiting = project.upload(PHOTO)
    time.sleep(8)  # longer than it takes until the settings are told to Valkey again
    assert project.image(waiting)["state"] == "uploaded"
    assert lane(project)["paused"] is True
    assert project.server.post("/admin/lanes/images/resume").status_code == 200
    assert project.ended(waiting)["state"] == "done"


def test_what_can_not_be_is_refused(project: Project) -> None:
    for many in (-1, 65, 1.5, "many", None):
        assert project.server.put("/admin/lanes/images/at-once", json={"at_once": many}).status_code == 400
    for path in ("/admin/lanes/nothing/pause", "/admin/lanes/nothing/resume"):
        assert project.server.post(path).status_code == 404
    assert project.server.put("/admin/lanes/nothing/at-once", json={"at_once": 1}).status_code == 404
