"""Who may see the board, and what it is asked for on a whole appliance."""

import json
import re
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from appliance.live.api import OWN_CODES
from appliance.queue import LANES
from appliance.settings.declared import live_in
from tests.appliance import pictures
from tests.appliance.client import Project, heard, wait_for

NO_PICTURE = b"This is no picture at all, only a line of text."
ADMIN = re.compile(r"http://[^#]+/admin#login=(\S+)")


def read(project: Project, path: str, **query: Any) -> dict[str, Any]:
    answer = project.server.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def client(project: Project, token: str) -> httpx.Client:
    return httpx.Client(base_url=project.stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def watched(project: Project, ticket: str | None = None) -> ClientConnection:
    ticket = ticket or str(project.server.post("/admin/tickets").json()["ticket"])
    return connect(f"{project.stack.url.replace('http', 'ws')}/admin/events?ticket={ticket}")


@pytest.fixture
def bad(project: Project) -> str:
    """The id of a file that failed."""
    made = project.upload(NO_PICTURE, "note.jpg")
    assert project.ended(made)["state"] == "error"
    return made


def test_every_route_needs_an_admin(project: Project) -> None:
    made = project.stack.verb("apikey", "create", "an-application")
    page = project.stack.verb("open").stdout.partition("login=")[2].strip()
    operator = httpx.post(f"{project.stack.url}/login", json={"code": page}).json()["token"]
    routes = httpx.get(f"{project.stack.url}/openapi.json").json()["paths"]
    bodies = {"/admin/lanes/{lane}/at-once": {"at_once": 1}, "/admin/keys": {"name": "x"}}
    bodies |= {"/admin/keys/revoke": {"name": "x"}, "/admin/failed/retry": {}}
    asked = 0
    for path, item in routes.items():
        if not path.startswith("/admin"):
            continue
        for method in item.keys() & {"get", "post", "put", "delete"}:
            body = bodies.get(path) if method != "get" else None
            query = {"metric": "done", "q": "x"} if method == "get" else {}
            for one in (client(project, made.stdout.strip()), client(project, operator), project.api):
                answer = one.request(method.upper(), path.replace("{lane}", "images"), json=body, params=query)
                assert answer.status_code == 403, (method, path, answer.text)
                asked += 1
    assert asked >= 3 * 17


def test_the_login_of_the_page_is_good_for_all_that_an_admin_key_is(project: Project) -> None:
    opened = project.stack.verb("open", "--admin")
    code = ADMIN.fullmatch(opened.stdout.strip())
    assert code, opened.stdout + opened.stderr
    answer = httpx.post(f"{project.stack.url}/login", json={"code": code[1]})
    assert answer.status_code == 201, answer.text
    page = client(project, answer.json()["token"])
    for path in ("/admin/glance", "/admin/keys", "/settings", "/cluster", "/metrics", "/projects"):
        assert page.get(path).status_code == 200, path
    assert page.post("/admin/tickets").status_code == 201
    assert page.put("/settings/webhook_attempt_days", json={"value": 8}).json()["set_by"] == "operator"
    assert page.delete("/settings/webhook_attempt_days").status_code == 204
    assert httpx.post(f"{project.stack.url}/login", json={"code": code[1]}).status_code == 401, "it works once"
    assert project.stack.verb("open", "--admin", "--moderation", "--as", "vera").returncode == 2


def test_at_a_glance_what_failed_and_all_lanes(project: Project, bad: str) -> None:
    told = read(project, "/admin/glance")
    assert {one["lane"] for one in told["lanes"]} == {*LANES}
    found = {one["about"].get("code"): one for one in told["findings"] if one["code"] == "failed"}
    one = found["not_a_picture"]
    assert (one["severity"], one["about"]["fixer"]) == ("watch", "client")
    assert one["since"]
    assert one["remedy"]
    assert told["well"] is False
    assert told["says"].endswith("to know.")


def test_what_failed_is_found_and_tried_again(project: Project, bad: str) -> None:
    own = f"projects/{project.id}"
    (row,) = read(project, "/admin/failed", owner=own, code="not_a_picture", lane="images", limit=1)["failed"]
    assert (row["asset_id"], row["filename"], row["fixer"], row["attempts"]) == (bad, "note.jpg", "client", 1)
    assert read(project, "/admin/failed", owner=own, kind="video")["failed"] == []
    other = project.upload(NO_PICTURE + b" Another.", "other.jpg")
    project.ended(other)
    first = read(project, "/admin/failed", owner=own, limit=1)
    assert [one["asset_id"] for one in first["failed"]] == [other], "the newest failure first"
    second = read(project, "/admin/failed", owner=own, limit=1, cursor=first["next_cursor"])
    assert ([one["asset_id"] for one in second["failed"]], second["next_cursor"]) == ([bad], None)
    assert read(project, "/admin/failed/reasons")["failed"] >= 2

    def attempts(asset: str) -> int:
        rows = read(project, "/admin/failed", owner=own)["failed"]
        return sum(one["attempts"] for one in rows if one["asset_id"] == asset)

    done = project.server.post("/admin/failed/retry", json={"asset_id": bad})
    assert done.json() == {"retried": 1, "by_code": {"not_a_picture": 1}, "without_file": 0, "more": False}
    wait_for(lambda: attempts(bad) == 2)
    both = project.server.post("/admin/failed/retry", json={"owner": own, "code": "not_a_picture"})
    assert both.json()["retried"] == 2
    wait_for(lambda: (attempts(bad), attempts(other)) == (3, 2))
    good = project.upload(pictures.jpeg(200, 150))
    project.ended(good)
    assert project.server.post("/admin/failed/retry", json={"asset_id": good}).status_code == 409
    for wrong in ({"asset_id": bad, "code": "x"}, {"owner": "nobody"}, {"more": 1}):
        assert project.server.post("/admin/failed/retry", json=wrong).status_code == 400


def test_workers_tell_what_they_did_last(project: Project, bad: str) -> None:
    def last() -> dict[str, str]:
        workers = read(project, "/admin/workers")["workers"]
        assert {worker["name"] for worker in workers} == {"worker-images-1", "worker-images-2", "worker-media-1"}
        assert all(worker["alive"] and worker["since"] and worker["sandbox"]["layers"] for worker in workers)
        return {one["asset_id"]: one["outcome"] for worker in workers for one in worker["last"]}

    assert wait_for(lambda: last().get(bad)) == "not_a_picture"
    parts = {one["name"].partition("-")[0] for one in read(project, "/admin/workers")["parts"]}
    assert parts == {"api", "intake", "webhooks", "caretaker"}


def test_charts_have_samples_from_the_start(project: Project) -> None:
    figures = {one["metric"]: one for one in read(project, "/admin/figures")["figures"]}
    assert figures["done"]["unit"] == "per_second"
    told = wait_for(lambda: (s := read(project, "/admin/samples", metric="storage_bytes", points=60))["series"] and s)
    assert (told["unit"], told["step_seconds"]) == ("bytes", 1800)
    assert len(told["series"][0]["values"]) <= 60
    total = next(line for line in told["series"] if line["labels"] == {"of": "total"})
    assert next(value for value in total["values"] if value is not None) > 0
    assert project.server.get("/admin/samples", params={"metric": "none"}).status_code == 404
    for wrong in ({"from": "2026-01-01T00:00:00"}, {"from": "1800-01-01T00:00:00Z"}, {"points": 501}, {"to": "soon"}):
        assert project.server.get("/admin/samples", params={"metric": "done"} | wrong).status_code == 400, wrong


def test_keys_are_made_listed_and_revoked(project: Project) -> None:
    name = f"app of {project.id}"
    made = project.server.post("/admin/keys", json={"name": name})
    assert made.status_code == 201, made.text
    other = client(project, made.json()["key"])
    assert other.get("/projects").status_code == 200
    listed = {one["name"]: one for one in read(project, "/admin/keys")["keys"]}
    assert (listed[name]["admin"], listed[name]["revoked_at"], listed["tests"]["yours"]) == (False, None, True)
    assert made.json()["key"] not in json.dumps(listed)
    assert project.server.post("/admin/keys/revoke", json={"name": "tests"}).status_code == 409
    assert project.server.post("/admin/keys/revoke", json={"name": name}).json() == {"name": name, "revoked": 1}
    assert project.server.post("/admin/keys/revoke", json={"name": name}).status_code == 404
    wait_for(lambda: other.get("/projects").status_code == 401)
    assert project.server.post("/admin/keys", json={"name": " "}).status_code == 400


def test_owners_are_listed_with_what_they_have_and_may(project: Project, bad: str) -> None:
    (one,) = read(project, "/admin/projects", q=project.id[:12])["owners"]
    assert (one["id"], one["files"], one["bytes"], one["slots"]) == (project.id, 1, len(NO_PICTURE), 0)
    assert (one["limits"]["slots"], one["own"]["slots"]) == (10_000, None)
    assert project.server.put(f"/projects/{project.id}/limits", json={"slots": 7}).status_code == 200
    (one,) = read(project, "/admin/projects", q=project.id)["owners"]
    assert (one["limits"]["slots"], one["own"]["slots"]) == (7, 7)
    names = [f"Zoe-{project.id}-{number}" for number in range(3)]
    for name in names:
        assert project.server.post("/users/", json={"name": name, "id": name.lower()}).status_code == 201
    page = read(project, "/admin/users", q=f"zOE-{project.id}", limit=2)
    rest = read(project, "/admin/users", q=f"zOE-{project.id}", limit=2, cursor=page["next_cursor"])
    assert [one["name"] for one in page["owners"] + rest["owners"]] == names
    assert rest["next_cursor"] is None
    assert read(project, "/admin/chats", q="no such chat")["owners"] == []


def test_an_id_is_found_and_where_to_look(project: Project, bad: str) -> None:
    told = read(project, "/admin/search", q=f" {bad} ")
    (one,) = told["found"]
    assert (one["what"], one["name"], one["state"]) == ("asset", "note.jpg", "error")
    assert project.server.get(one["link"]).json()["asset_id"] == bad
    assert told["log"]["kept"].startswith("warnings, errors")
    for q, what in ((project.id, "project"), ("tests", "key"), ("worker-images-1", "worker"), ("intake", "part")):
        assert [one["what"] for one in read(project, "/admin/search", q=q)["found"]] == [what]
    assert project.server.get("/admin/search", params={"q": ""}).status_code == 400


def test_who_did_what_is_found_in_the_log(project: Project) -> None:
    name = f"audited-{project.id}"
    assert project.server.post("/admin/keys", json={"name": name}).status_code == 201
    assert project.server.post("/admin/keys/revoke", json={"name": name}).status_code == 200

    def told() -> list[str]:
        return [line["event"] for line in read(project, "/admin/search", q=name)["log"]["lines"]]

    wait_for(lambda: told() == ["key revoked", "key made"])
    (made,) = (line for line in read(project, "/admin/log", q=name)["lines"] if line["event"] == "key made")
    assert (made["level"], made["part"].partition("-")[0]) == ("info", "api")
    assert "by=tests" in made["line"]
    assert "dk_" not in made["line"]
    assert read(project, "/admin/log", q=name, level="error")["lines"] == []
    assert read(project, "/admin/log", q=name, part="intake")["lines"] == []


def test_the_board_is_told_live(project: Project) -> None:
    with watched(project) as socket:
        hello = json.loads(socket.recv(timeout=10))
        assert hello["type"] == "hello"
        assert set(hello) == {"type", "at", "glance", "lanes", "workers", "parts", "failed", "settings"}
        assert project.server.post("/admin/lanes/images/pause").status_code == 200

        def paused(message: dict[str, Any]) -> bool:
            return any(one["lane"] == "images" and one["paused"] for one in message.get("lanes", ()))

        changed = heard(socket, paused, 60)[-1]  # how often it is looked at depends on how long that takes
        assert changed["type"] == "changed"
        assert "lane_paused" in {one["code"] for one in changed["glance"]["findings"]}
        assert project.server.post("/admin/lanes/images/resume").status_code == 200
        made = project.upload(NO_PICTURE)

        def told(message: dict[str, Any]) -> bool:
            return message["type"] == "failed" and made in [one["asset_id"] for one in message["failed"]]

        assert heard(socket, told, 60)


def test_only_a_fresh_ticket_of_the_board_lets_in(project: Project) -> None:
    ticket = str(project.server.post("/admin/tickets").json()["ticket"])
    with watched(project, ticket) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
    for refused in (ticket, project.ticket(), "none"):
        with pytest.raises(ConnectionClosed) as closed, watched(project, refused) as socket:
            socket.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == OWN_CODES + 401
    ticket = str(project.server.post("/admin/tickets").json()["ticket"])
    url = f"{project.stack.url.replace('http', 'ws')}/projects/{project.id}/events?ticket={ticket}"
    with pytest.raises(ConnectionClosed), connect(url) as socket:
        socket.recv(timeout=5)


def test_each_lane_has_its_settings() -> None:
    from appliance.config import Config

    assert {f"{lane}_{what}" for lane in LANES for what in ("paused", "at_once")} <= live_in(Config).keys()
