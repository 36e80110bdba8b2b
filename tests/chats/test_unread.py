"""Who does not read is told of to the project's webhooks, and to nobody else; who is deleted is in no chat."""

from collections.abc import Iterator

import pytest

from tests.appliance.client import Project, wait_for
from tests.chats.people import House, Person
from tests.stack import Stack
from tests.webhooks.receiver import Receiver, receiver

SETTING = "/settings/unread_seconds"


@pytest.fixture
def project(stack: Stack) -> Project:
    return Project(stack)


@pytest.fixture
def receiving() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def soon(house: House) -> Iterator[None]:
    """A second is long."""
    assert house.server.put(SETTING, json={"value": 1}).status_code == 200
    yield
    assert house.server.delete(SETTING).status_code == 204


def test_who_has_not_read_for_long_is_told_of_to_the_project_once(
    house: House, anna: Person, ben: Person, project: Project, receiving: Receiver, soon: None
) -> None:
    hook = {"url": receiving.url, "events": ["unread"]}
    assert house.server.post(f"/projects/{project.id}/webhooks", json=hook).status_code == 201
    chat = house.chat(anna, ben, project_id=project.id)
    said = anna.say(chat, "hello")
    assert ben.api.get("/chats").json()["chats"][0]["unread"] == 1
    assert anna.api.get(f"/chats/{chat}").json()["unread"] == 0
    [pushed] = wait_for(lambda: receiving.sent)
    assert pushed.headers["webhook-signature"].startswith("v1,")
    told = {"chat_id": chat, "user_id": ben.id, "seq": said["seq"], "messages": 1}
    assert (pushed.event["type"], pushed.event["project_id"]) == ("unread", project.id)
    assert pushed.event["unread"] == told | {"since": pushed.event["unread"]["since"]}
    assert ben.api.put(f"/chats/{chat}/read", json={"seq": said["seq"]}).status_code == 204
    assert ben.api.get(f"/chats/{chat}").json()["unread"] == 0
    again = anna.say(chat, "are you there?")
    wait_for(lambda: len(receiving.sent) > 1)
    assert [sent.event["unread"]["seq"] for sent in receiving.sent] == [said["seq"], again["seq"]]
    # Browsers have the project's token, and may not know who is in which chat.
    page = house.server.get(f"/projects/{project.id}/events", params={"after": 0}).json()["events"]
    assert [one["unread"]["user_id"] for one in page] == [ben.id, ben.id]
    assert [set(one) for one in project.events()] == [{"type", "seq", "project_id", "at"}] * 2
    with project.socket(0) as socket:
        assert "hello" in str(socket.recv(timeout=10))
        assert ben.id not in str(socket.recv(timeout=10))


def test_a_chat_is_of_a_project_that_its_maker_may_know_of(
    house: House, anna: Person, ben: Person, project: Project
) -> None:
    for api, named in ((house.server, "nowhere"), (anna.api, project.id)):
        answer = api.post("/chats/", json={"title": "us", "id": f"no-{anna.id}", "project_id": named})
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such project")
    assert house.server.get(f"/chats/no-{anna.id}").status_code == 404
    token = house.server.post("/tokens", json={"project_id": project.id, "user": ben.id}).json()["token"]
    made = ben.api.post(
        "/chats/", json={"title": "us", "project_id": project.id}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (made.status_code, made.json()["project_id"]) == (201, project.id)


def test_who_is_deleted_leaves_and_what_was_said_stays(house: House, anna: Person, ben: Person, chat: str) -> None:
    anna.say(chat, "mine")
    assert house.server.delete(f"/users/{anna.id}").status_code == 204
    wait_for(lambda: [one["user_id"] for one in ben.api.get(f"/chats/{chat}/members").json()["members"]] == [ben.id])
    with ben.socket(chat, 0) as socket:
        wait_for(lambda: "member_left" in str(socket.recv(timeout=10)))
    assert [(one["author"], one["text"]) for one in ben.messages(chat)] == [(anna.id, "mine")]
    wait_for(lambda: house.server.post("/users/", json={"name": "another", "id": anna.id}).status_code == 201)
    assert anna.api.get("/chats").json()["chats"] == []
