"""A user's general stream: what the user sent anywhere and what is the user's own, once each, and nobody else's."""

import json
import uuid
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from appliance.live.notifications import MOST_CURSOR, MOST_STREAMS, Cursor, parse
from tests.appliance import pictures
from tests.appliance.client import Project, heard, wait_for
from tests.stack import Stack

PHOTO = pictures.jpeg(200, 150)


class Person:
    """A user of an application, who has a token of each of some projects, and is a user of the appliance, too."""

    def __init__(self, stack: Stack, projects: list[Project]) -> None:
        self.id = f"u-{uuid.uuid4().hex[:12]}"
        self.stack, self.server = stack, projects[0].server
        assert self.server.post("/users/", json={"name": "test", "id": self.id}).status_code == 201
        self.own = self._client(user_id=self.id)
        self.of = [self._client(project_id=project.id, user=self.id) for project in projects]

    def _client(self, **whose: str) -> httpx.Client:
        token = self.server.post("/tokens", json=whose).json()["token"]
        return httpx.Client(base_url=self.stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def sends(self, client: httpx.Client, **owner: str) -> str:
        link = client.post("/files/", json={"filename": "a.jpg", **owner}).json()
        sent = httpx.post(link["upload_link"], data=link["params"], files={"file": ("a", PHOTO)}, timeout=30)
        assert sent.status_code == 201, sent.text
        return str(link["file_id"])

    def socket(self, client: httpx.Client, after: str = "") -> ClientConnection:
        ticket = client.post("/tickets").json()["ticket"]
        return connect(f"{self.stack.url.replace('http', 'ws')}/notifications?ticket={ticket}&after={after}")


def done(messages: list[dict[str, Any]]) -> set[str]:
    return {message["file_id"] for message in messages if message.get("state") == "done"}


def until_done(socket: ClientConnection, files: set[str]) -> list[dict[str, Any]]:
    seen: set[str] = set()

    def all_there(message: dict[str, Any]) -> bool:
        seen.update(done([message]))
        return seen >= files

    return heard(socket, all_there, 40)


def test_all_of_ones_own_over_all_projects_and_nothing_of_others(
    stack: Stack, project: Project, stranger: Project
) -> None:
    person = Person(stack, [project, stranger])
    with person.socket(person.own) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
        of_others = project.upload(PHOTO)
        files = {
            person.sends(person.of[0], project_id=project.id),
            person.sends(person.of[1], project_id=stranger.id),
            person.sends(person.own, user_id=person.id),
        }
        told = until_done(socket, files)
    assert {message["file_id"] for message in told} == files
    for file_id in files:
        states = [message["state"] for message in told if message["file_id"] == file_id and message["type"] == "state"]
        assert states == ["init", "uploaded", "processing", "done"]
    project.ended(of_others)

    # Somebody who was away gets the same, in pages of any size, from where it was read to.
    for size in (3, 100):
        cursor, paged = "", []
        while True:
            page = person.own.get("/notifications", params={"after": cursor, "limit": size}).json()
            paged += page["notifications"]
            cursor = page["cursor"]
            if not page["more"]:
                break
        assert sorted((m["file_id"], m["seq"]) for m in paged) == sorted((m["file_id"], m["seq"]) for m in told)
    later = person.sends(person.of[0], project_id=project.id)
    with person.socket(person.of[1], told[-1]["cursor"]) as socket:
        rest = until_done(socket, {later})
    assert {message["file_id"] for message in rest[1:]} == {later}


def test_who_was_away_is_told_of_what_was_deleted_meanwhile(stack: Stack, project: Project) -> None:
    person = Person(stack, [project])
    file_id = person.sends(person.of[0], project_id=project.id)
    project.ended(file_id)
    away = person.own.get("/notifications").json()["cursor"]
    assert project.api.delete(f"/files/{file_id}").status_code == 204
    wait_for(lambda: project.events()[-1]["type"] == "erased")
    page = person.own.get("/notifications", params={"after": away})
    assert page.status_code == 200, page.text
    types = [(one["file_id"], one["type"]) for one in page.json()["notifications"]]
    assert types == [(file_id, "deleted"), (file_id, "erased")]
    with person.socket(person.own, away) as socket:
        told = heard(socket, lambda message: message["type"] == "erased")
    assert [message["type"] for message in told] == ["hello", "deleted", "erased"]


def test_the_longest_cursor_there_is_goes_through_the_edge(stack: Stack, project: Project) -> None:
    """Here it is of streams that there are not, and so answered with `reset`; one too long for us is not valid."""
    person = Person(stack, [project])
    head = parse(person.own.get("/notifications").json()["cursor"])
    streams = range(2_000_000_000, 2_000_000_000 + MOST_STREAMS)
    longest = Cursor(head.epoch, dict.fromkeys(streams, 2_000_000_000), head.kept_from).written()
    assert MOST_CURSOR > len(longest) > MOST_CURSOR - 1000
    refused = person.own.get("/notifications", params={"after": longest})
    assert (refused.status_code, refused.json()["type"]) == (410, "reset")
    with person.socket(person.own, longest) as socket:
        assert [message["type"] for message in heard(socket, lambda m: m["type"] == "reset")] == ["hello", "reset"]
    assert person.own.get("/notifications", params={"after": "A" * (MOST_CURSOR + 1)}).status_code == 400


def test_they_are_their_users_alone(stack: Stack, project: Project) -> None:
    person, other = Person(stack, [project]), Person(stack, [project])
    assert other.own.get("/notifications", params={"user_id": person.id}).status_code == 404
    assert other.of[0].get("/notifications", params={"user_id": person.id}).status_code == 404
    assert person.server.get("/notifications", params={"user_id": person.id}).status_code == 200
    assert person.server.get("/notifications").status_code == 400
    assert project.api.get("/notifications").status_code == 400
    for ticket in (project.ticket(), "", "nonsense"):
        url = f"{stack.url.replace('http', 'ws')}/notifications?ticket={ticket}"
        with connect(url) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4401


def test_a_cursor_that_can_not_be_resumed_is_reset(stack: Stack, project: Project) -> None:
    person = Person(stack, [project])
    assert person.own.get("/notifications", params={"after": "nonsense"}).status_code == 400
    foreign = "kqxhYmNkZWYwMTIzNDWA"  # of an epoch that never was
    refused = person.own.get("/notifications", params={"after": foreign})
    assert (refused.status_code, refused.json()["type"]) == (410, "reset")
    again = person.own.get("/notifications", params={"after": refused.json()["cursor"]})
    assert (again.status_code, again.json()["notifications"]) == (200, [])
    with person.socket(person.own, foreign) as socket:
        assert [message["type"] for message in heard(socket, lambda m: m["type"] == "reset")] == ["hello", "reset"]
