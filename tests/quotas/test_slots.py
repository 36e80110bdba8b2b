"""Links are given up to the limits of a project, a user and an address, and no further: on the whole appliance."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.storage import objects_of
from tests.faults.behind import behind
from tests.quotas.conftest import FORM_SECONDS, OF_A_USER, OF_AN_ADDRESS, SLOTS, Connect, ask
from tests.stack import Stack


@pytest.mark.long
def test_hundred_at_once_against_ten_gives_exactly_ten_and_a_slot_that_runs_out_comes_back(
    project: Project, connect: Connect
) -> None:
    client = connect(project)
    with ThreadPoolExecutor(100) as many:
        answers = list(many.map(lambda _: ask(client, project), range(100)))
    assert Counter(answer.status_code for answer in answers) == {201: SLOTS, 429: 100 - SLOTS}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["code"] == "quota_reached"
    assert "This project has 10 uploads open" in refused.json()["detail"]
    assert client.get(f"/projects/{project.id}/usage").json()["slots"] == SLOTS
    again = wait_for(lambda: (a := ask(client, project)).status_code == 201 and a, FORM_SECONDS + 20)
    assert project.send(again.json(), pictures.jpeg(200, 150)).status_code == 201
    usage = wait_for(lambda: (u := client.get(f"/projects/{project.id}/usage").json())["slots"] == 0 and u, 30)
    assert usage["files"] == 1


def test_an_address_is_what_the_edge_sees_whatever_the_client_says(
    project: Project, connect: Connect, addresses: Iterator[str], strict: Stack
) -> None:
    here, other = next(addresses), Project(strict)
    mine, others = connect(project, here), connect(other, here)
    lies = (
        {"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": "203.0.113.9", "Forwarded": "for=1.2.3.4"} for n in range(9)
    )
    for n in range(OF_AN_ADDRESS):
        assert ask(*((mine, project) if n % 2 else (others, other))).status_code == 201
    for lie in lies:
        refused = ask(mine, project, **lie)
        assert refused.status_code == 429
        assert refused.json()["detail"].startswith("Your network address has 12 uploads open")
    assert ask(connect(project), project).status_code == 201
    assert project.server.post("/images/", json={"filename": "a", "project_id": project.id}).status_code == 201


def test_a_user_has_one_quota_over_all_addresses_and_projects(
    project: Project, connect: Connect, strict: Stack
) -> None:
    other, name = Project(strict), f"user-of-{project.id}"
    for n in range(OF_A_USER):
        mine = other if n % 2 else project
        assert ask(connect(mine, user=name), mine).status_code == 201
    refused = ask(connect(other, user=name), other)
    assert (refused.status_code, refused.json()["detail"][:9]) == (429, "This user")
    assert ask(connect(other, user=f"{name}-2"), other).status_code == 201


@pytest.mark.parametrize("user", ["", "a b", "x" * 129, "a\n", "ü"])
def test_a_user_must_have_a_plain_name(project: Project, user: str) -> None:
    assert project.server.post("/tokens", json={"project_id": project.id, "user": user}).status_code == 400


def test_a_project_has_limits_of_its_own_where_a_server_says_so(project: Project, connect: Connect) -> None:
    limits, client = f"/projects/{project.id}/limits", connect(project)
    assert client.put(limits, json={"files": 1}).status_code == 403
    assert project.server.put(limits, json={"files": -1}).status_code == 400
    assert project.server.put("/projects/nobody/limits", json={"files": 1}).status_code == 404
    assert project.server.put(limits, json={"files": 1}).json()["limits"] == {
        "slots": SLOTS,
        "files": 1,
        "bytes": 0,
        "requests": 60_000,
    }
    link = ask(client, project).json()
    refused = ask(client, project)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_reached")
    assert client.delete(f"/images/{link['image_id']}").status_code == 204
    assert wait_for(lambda: ask(client, project).status_code == 201, 60)


def test_bytes_count_once_they_came_and_until_they_are_erased(project: Project, connect: Connect) -> None:
    client, data = connect(project), pictures.jpeg(300, 200)
    project.server.put(f"/projects/{project.id}/limits", json={"bytes": len(data)})
    image = ask(client, project).json()
    assert project.send(image, data).status_code == 201
    project.ended(image["image_id"])
    assert client.get(f"/projects/{project.id}/usage").json()["bytes"] == len(data)
    refused = ask(client, project)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_reached")
    assert client.delete(f"/images/{image['image_id']}").status_code == 204
    assert wait_for(lambda: ask(client, project).status_code == 201, 60)


def test_hundred_at_once_against_ten_files_gives_exactly_ten(project: Project, connect: Connect) -> None:
    """Where the number of open slots alone would let more in."""
    assert SLOTS < OF_AN_ADDRESS
    limits = project.server.put(f"/projects/{project.id}/limits", json={"slots": 0, "files": SLOTS})
    assert limits.status_code == 200
    client = connect(project)
    kept = ask(client, project).json()
    assert project.send(kept, pictures.jpeg(200, 150)).status_code == 201
    project.ended(kept["image_id"])
    with ThreadPoolExecutor(100) as many:
        answers = list(many.map(lambda _: ask(client, project), range(100)))
    assert Counter(answer.status_code for answer in answers) == {201: SLOTS - 1, 429: 100 - SLOTS + 1}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "This project has 10 files" in refused.json()["detail"]
    assert client.get(f"/projects/{project.id}/usage").json()["files"] == SLOTS


def test_uploading_cancelling_and_starting_over_fills_nothing(project: Project, connect: Connect) -> None:
    """What operators fear: the client that never ends. Half of the time it sends after it cancelled."""
    project.server.put(f"/projects/{project.id}/limits", json={"files": SLOTS})
    client, data = connect(project), pictures.jpeg(200, 150)
    most, granted, sent = 0, 0, 0
    objects, prefix = objects_of(project.stack), f"projects/{project.id}/"
    for n in range(60):
        asked = ask(client, project)
        most = max(most, _rows(project, "state <> 'deleted'"))
        if asked.status_code == 429:
            continue
        link, granted = asked.json(), granted + 1
        if n % 2:
            sent += project.send(link, data).status_code == 201
        assert client.delete(f"/images/{link['image_id']}").status_code == 204
        if not n % 2:
            sent += project.send(link, data).status_code == 201
        assert client.get(f"/projects/{project.id}/usage").json()["files"] <= SLOTS
    assert sent >= SLOTS
    assert most <= SLOTS
    wait_for(lambda: not list(objects.list("originals", prefix, versions=True)), FORM_SECONDS + 60)
    wait_for(lambda: client.get(f"/projects/{project.id}/usage").json()["files"] == 0, 30)
    # A worker that was just writing one as it was deleted: that is found by the next look at its tombstone.
    wait_for(lambda: not list(objects.list("versions", prefix)), 120)
    assert _rows(project, "state <> 'deleted'") == 0
    assert _rows(project, "true") == granted, "a tombstone each, until no form of it can be replayed"


def _rows(project: Project, which: str) -> int:
    """The project's assets in the ledger."""
    counted = behind(project.stack).sql(f"SELECT count(*) FROM ledger.assets WHERE owner = $1 AND {which}", project.id)
    return int(counted[0]["count"])
