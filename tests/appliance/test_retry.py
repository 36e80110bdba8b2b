"""What failed is tried again by its reason: by a call, and by the operator's verb."""

import json
from collections import Counter

import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.stack import Stack

NO_PICTURE = b"This is no picture at all, only a line of text."


def failing(project: Project) -> tuple[str, str]:
    """Two photos that failed for different reasons; and one that is done."""
    bad, bomb = project.upload(NO_PICTURE), project.upload(pictures.bomb())
    assert project.ended(project.upload(pictures.jpeg(200, 150)))["state"] == "done"
    codes = {project.ended(image)["error"]["code"] for image in (bad, bomb)}
    assert len(codes) == 2
    return bad, bomb


def times(project: Project) -> Counter[tuple[str, str]]:
    """How often each image came to each state."""
    return Counter((event["image_id"], event["state"]) for event in project.events())


def test_by_a_call(project: Project, stranger: Project) -> None:
    bad, bomb = failing(project)
    code = project.image(bad)["error"]["code"]
    answer = project.api.post(f"/projects/{project.id}/retry", json={"code": code})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"retried": 1, "by_code": {code: 1}, "without_file": 0, "more": False}
    wait_for(lambda: times(project)[bad, "error"] == 2)
    assert times(project)[bomb, "uploaded"] == 1
    assert project.api.post(f"/projects/{project.id}/retry").json()["retried"] == 2
    wait_for(lambda: times(project)[bomb, "error"] == 2)
    assert stranger.api.post(f"/projects/{project.id}/retry").status_code == 404
    assert project.server.post("/projects/there-is-none/retry").status_code == 404
    assert project.api.post(f"/projects/{project.id}/retry", json={"reason": "x"}).status_code == 400


@pytest.mark.long
def test_by_the_verb(project: Project, stack: Stack) -> None:
    bad, bomb = failing(project)
    code = project.image(bad)["error"]["code"]
    shown = stack.verb("retry", "--project", project.id)
    assert shown.returncode == 1, "there is something to look at"
    assert code in shown.stdout
    assert project.id in shown.stdout
    assert times(project)[bad, "uploaded"] == 1, "showing changes nothing"

    done = stack.verb("retry", "--project", project.id, "--code", code, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"retried": 1, "by_code": {code: 1}, "without_file": 0, "more": False}
    wait_for(lambda: times(project)[bad, "error"] == 2)
    assert times(project)[bomb, "uploaded"] == 1
    assert json.loads(stack.verb("retry", "--project", project.id, "--json").stdout)["failed"] == 2
    assert stack.verb("retry", "--project", "there-is-none").returncode == 0
    assert stack.verb("retry", "--code", "x", data=stack.folder / "idle").returncode == 2
