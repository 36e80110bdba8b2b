"""Webhooks as their owners make and see them, on a whole appliance, and as the README shows it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.test_readme import BLOCKS, place, shell
from tests.stack import Stack
from tests.webhooks.receiver import Receiver, receiver

__all__ = ["place"]
SMALL = pictures.jpeg(200, 150)


@pytest.fixture
def project(stack: Stack) -> Project:
    return Project(stack)


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def make(project: Project, **body: Any) -> httpx.Response:
    return project.server.post(f"/projects/{project.id}/webhooks", json=body)


def test_a_photo_is_told_of_and_the_readme_verifies_it(
    project: Project, receiving: Receiver, stack: Stack, place: Any
) -> None:
    block = BLOCKS["webhook"]
    BLOCKS["here"] = block.replace("https://app.example/darkroom", receiving.url)
    try:
        said = shell(place, stack, project, "token", "here")
    finally:
        del BLOCKS["here"]
    made = json.loads(said)
    assert made["events"] == ["done", "error"]
    image = project.upload(SMALL)
    project.ended(image)
    [sent] = wait_for(lambda: receiving.sent)
    names: dict[str, Any] = {}
    exec(BLOCKS["verify"], names)
    event = names["verified"](made["secret"], sent.headers, sent.body, set())
    assert (event["image_id"], event["state"]) == (image, "done")
    assert httpx.get(event["versions"]["thumb"]["url"]).status_code == 200
    assert event == project.events()[-1] | {"versions": event["versions"]}
    [delivery] = wait_for(lambda: project.server.get(f"/webhooks/{made['id']}/deliveries").json()["deliveries"])
    assert (delivery["image_id"], delivery["status"], delivery["error"]) == (image, 200, None)
    assert delivery["message_id"] == sent.id


def test_the_secret_is_shown_once(project: Project, receiving: Receiver) -> None:
    made = make(project, url=receiving.url).json()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}", made["secret"])
    for path in (f"/projects/{project.id}/webhooks", f"/webhooks/{made['id']}", f"/webhooks/{made['id']}/deliveries"):
        answer = project.server.get(path)
        assert answer.status_code == 200
        assert made["secret"] not in answer.text
    given = make(project, url=receiving.url, secret=made["secret"])
    assert given.json()["secret"] == made["secret"]
    assert make(project, url=receiving.url, secret="whsec_c2hvcnQ=").status_code == 400


def test_only_a_server_key_sees_or_makes_them(project: Project, receiving: Receiver) -> None:
    made = make(project, url=receiving.url).json()["id"]
    for method, path in (
        ("POST", f"/projects/{project.id}/webhooks"),
        ("GET", f"/projects/{project.id}/webhooks"),
        ("GET", f"/webhooks/{made}"),
        ("DELETE", f"/webhooks/{made}"),
        ("POST", f"/webhooks/{made}/replay"),
        ("GET", f"/webhooks/{made}/deliveries"),
    ):
        body = {"url": receiving.url} if path.endswith("/webhooks") and method == "POST" else None
        assert project.api.request(method, path, json=body).status_code == 403, path
    assert project.server.get(f"/webhooks/{made}").json()["state"] == "ok"


def test_list_delete_and_what_is_not_there(project: Project, receiving: Receiver) -> None:
    made = [make(project, url=f"{receiving.url}/{number}").json()["id"] for number in range(2)]
    listed = project.server.get(f"/projects/{project.id}/webhooks").json()["webhooks"]
    assert [one["id"] for one in listed] == made
    assert project.server.delete(f"/webhooks/{made[0]}").status_code == 204
    nobody = "01a1fd40-745d-775e-9958-364e9bfb0770"
    for missing in (made[0], nobody):
        assert project.server.get(f"/webhooks/{missing}").status_code == 404
        assert project.server.delete(f"/webhooks/{missing}").status_code == 404
        assert project.server.post(f"/webhooks/{missing}/replay", json={"after": 0}).status_code == 404
        assert project.server.get(f"/webhooks/{missing}/deliveries").status_code == 404
    assert project.server.get("/projects/nowhere/webhooks").status_code == 404
    assert project.server.post("/projects/nowhere/webhooks", json={"url": receiving.url}).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        *("", "hook", "//127.0.0.2/", "ftp://127.0.0.2/", "file:///etc/passwd", "gopher://127.0.0.2/", "http://"),
        *("http:///x", "http://user:word@127.0.0.2/", "http://127.0.0.2/#x", "http://127.0.0.2:99999/", "http://[::1"),
        *("http://127.0.0.1/", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest"),
        *("http://[::ffff:127.0.0.1]/", "http://[64:ff9b::10.0.0.1]/", "http://127.0.0.2/" + "x" * 2000),
    ],
)
def test_addresses_that_are_none_or_surely_private_are_refused_at_once(project: Project, url: str) -> None:
    refused = make(project, url=url)
    assert refused.status_code == 400, refused.text
    assert "url" in refused.text
    assert project.server.get(f"/projects/{project.id}/webhooks").json()["webhooks"] == []


def test_what_else_is_refused(project: Project, receiving: Receiver) -> None:
    assert make(project, url=receiving.url, events=["done", "sold"]).json()["errors"][0]["field"] == "events"
    assert make(project, url=receiving.url + "\0").status_code == 400
    assert make(project, url=receiving.url, more=1).status_code == 400
    made = make(project, url=receiving.url).json()["id"]
    for body in ({"after": -1}, {"after": 10**19}, {"after": "x"}, {"after": 5}, {"before": 0}):
        assert project.server.post(f"/webhooks/{made}/replay", json=body).status_code == 400, body
    for query in ({"limit": 0}, {"limit": 201}, {"cursor": -1}, {"cursor": "x"}):
        assert project.server.get(f"/webhooks/{made}/deliveries", params=query).status_code == 400, query
    for _ in range(19):
        assert make(project, url=receiving.url).status_code == 201
    assert make(project, url=receiving.url).status_code == 409


def test_deliveries_are_paged_newest_first(project: Project, receiving: Receiver) -> None:
    made = make(project, url=receiving.url).json()["id"]
    for _ in range(5):
        project.link()
    wait_for(lambda: project.server.get(f"/webhooks/{made}").json()["cursor"] == 5)
    pages, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = project.server.get(f"/webhooks/{made}/deliveries", params=query).json()
        pages.append([one["seq"] for one in page["deliveries"]])
        if (cursor := page["next_cursor"]) is None:
            break
    assert pages == [[5, 4], [3, 2], [1]]
    assert project.server.post(f"/webhooks/{made}/replay", json={"after": 3}).json()["cursor"] in (3, 4, 5)
    wait_for(lambda: receiving.seqs == [1, 2, 3, 4, 5, 4, 5])
