"""Users: owners like projects, with files, a stream and folders of their own."""

import json
import uuid
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.appliance import pictures
from tests.appliance.client import Project, heard, wait_for
from tests.faults.behind import behind
from tests.stack import Stack

PHOTO = pictures.jpeg(300, 200)


class User:
    """One person, with a token."""

    def __init__(self, project: Project) -> None:
        self.server, self.stack = project.server, project.stack
        self.id = f"u-{uuid.uuid4().hex[:12]}"
        made = self.server.post("/users/", json={"name": "Tom", "id": self.id})
        assert made.status_code == 201, made.text
        self.api = self.client(self.server.post("/tokens", json={"user_id": self.id}).json()["token"])

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def upload(self) -> str:
        link = self.api.post("/images/", json={"filename": "a.jpg", "user_id": self.id}).json()
        assert httpx.post(link["upload_link"], data=link["params"], files={"file": ("a", PHOTO)}).status_code == 201
        return str(link["image_id"])

    def ended(self, image: str) -> dict[str, Any]:
        return wait_for(lambda: (i := self.api.get(f"/images/{image}").json())["state"] in ("done", "error") and i)


@pytest.fixture
def user(project: Project) -> User:
    return User(project)


def test_a_user_uploads_lists_and_hears_of_their_own_files(user: User) -> None:
    ticket = user.api.post("/tickets").json()["ticket"]
    with connect(f"{user.stack.url.replace('http', 'ws')}/users/{user.id}/events?ticket={ticket}&after=0") as socket:
        image = user.upload()
        told = heard(socket, lambda message: message.get("state") == "done")
    assert {event["user_id"] for event in told if "seq" in event and event["type"] != "hello"} == {user.id}
    done = user.ended(image)
    assert (done["state"], done["user_id"], "project_id" in done) == ("done", user.id, False)
    assert f"/originals/users/{user.id}/images/" in done["versions"]["original"]["url"]
    assert httpx.get(done["versions"]["original"]["url"]).content == PHOTO
    assert [one["image_id"] for one in user.api.get(f"/users/{user.id}/images").json()["images"]] == [image]
    seen = user.api.get(f"/users/{user.id}/events", params={"after": 0}).json()["events"]
    assert [event["state"] for event in seen] == ["init", "uploaded", "processing", "done"]


def test_folders_are_listed_down_to_the_files(user: User) -> None:
    image = user.upload()
    user.ended(image)
    roots = user.server.get("/folders/").json()["folders"]
    assert [folder["path"] for folder in roots] == ["chats", "projects", "system", "users"]
    page = user.server.get("/folders/users", params={"limit": 500, "cursor": user.id[:-1]}).json()["folders"]
    assert f"users/{user.id}" in {folder["path"] for folder in page}
    own = user.api.get(f"/folders/users/{user.id}").json()["folders"]
    assert [folder["path"].rsplit("/", 1)[-1] for folder in own] == [
        *("bundles", "documents", "images", "temporary", "videos")
    ]
    assert [one["image_id"] for one in user.api.get(f"/folders/users/{user.id}/images").json()["files"]] == [image]
    assert user.api.get(f"/folders/users/{user.id}/videos").json() == {"files": [], "next_cursor": None}
    second = user.upload()
    page = user.api.get(f"/folders/users/{user.id}/images", params={"limit": 1}).json()
    rest = user.api.get(f"/folders/users/{user.id}/images", params={"cursor": page["next_cursor"]}).json()
    assert [one["image_id"] for one in (*page["files"], *rest["files"])] == [second, image]


def test_unknown_folders_are_404(user: User) -> None:
    for path in ("nowhere", "nowhere/x", f"users/{user.id}/secrets", "users/nobody", "users/nobody/images"):
        assert user.server.get(f"/folders/{path}").status_code == 404, path


def test_nobody_else_sees_them(user: User, project: Project) -> None:
    other = User(project)
    image = user.upload()
    for api in (other.api, project.api):
        assert api.get(f"/images/{image}").status_code == 404
        assert api.get(f"/users/{user.id}").status_code == 404
        assert api.get(f"/users/{user.id}/images").status_code == 404
        assert api.get(f"/users/{user.id}/events").status_code == 404
        assert api.get(f"/users/{user.id}/usage").status_code == 404
        assert api.get(f"/folders/users/{user.id}").status_code == 404
        assert api.get(f"/folders/users/{user.id}/images").status_code == 404
        assert api.post("/images/", json={"filename": "a.jpg", "user_id": user.id}).status_code == 404
        assert api.get("/folders/").status_code == 403
        assert api.get("/users/").status_code == 403


def test_a_project_of_the_same_id_is_another_owner(user: User) -> None:
    assert user.server.post("/projects/", json={"name": "same", "id": user.id}).status_code == 201
    image = user.upload()
    user.ended(image)
    of_project = user.client(user.server.post("/tokens", json={"project_id": user.id}).json()["token"])
    assert of_project.get(f"/images/{image}").status_code == 404
    assert of_project.get(f"/users/{user.id}/images").status_code == 404
    assert of_project.get(f"/projects/{user.id}/images").json()["images"] == []
    ticket = of_project.post("/tickets").json()["ticket"]
    with connect(f"{user.stack.url.replace('http', 'ws')}/users/{user.id}/events?ticket={ticket}") as socket:
        heard_nothing = pytest.raises(Exception, match="4401")
        with heard_nothing:
            socket.recv(timeout=10)


@pytest.mark.parametrize("body", [{}, {"project_id": "p", "user_id": "u"}])
def test_one_owner_is_named_and_no_more(user: User, body: dict[str, str]) -> None:
    for path in ("/images/", "/tokens"):
        refused = user.server.post(path, json={"filename": "a.jpg", **body} if path == "/images/" else body)
        assert refused.status_code == 400, refused.text
        assert refused.json()["errors"]


def test_usage_and_limits_are_a_users_own(user: User) -> None:
    user.ended(user.upload())
    told = user.api.get(f"/users/{user.id}/usage").json()
    assert (told["files"], told["bytes"]) == (1, len(PHOTO))
    assert user.server.put(f"/users/{user.id}/limits", json={"files": 1}).status_code == 200
    refused = user.api.post("/images/", json={"filename": "b.jpg", "user_id": user.id})
    assert refused.status_code == 429, refused.text


def test_a_deleted_user_goes_with_all_bytes_and_folders(user: User) -> None:
    link = user.ended(user.upload())["versions"]["original"]["url"]
    assert user.server.delete(f"/users/{user.id}").status_code == 204
    assert user.server.get(f"/users/{user.id}").status_code == 404
    wait_for(lambda: httpx.get(link).status_code == 404, 60)
    made_again = {"name": "Tom", "id": user.id}
    wait_for(lambda: user.server.post("/users/", json=made_again).status_code == 201, 60)
    assert user.api.get(f"/users/{user.id}/images").json()["images"] == []


def test_folders_check_makes_what_is_missing(stack: Stack, user: User) -> None:
    behind(stack).sql("DELETE FROM folders WHERE owner = $1 AND name = 'videos'", user.id)
    told = json.loads(stack.verb("folders", "check", "--json").stdout)
    assert f"users/{user.id}/videos" in told["made"]
    again = stack.verb("folders", "check")
    assert (again.returncode, again.stdout.strip()) == (0, "0 folders were missing")
