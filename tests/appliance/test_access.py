"""Who may see what; and the closed list of what everybody may see."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from litestar.routes import HTTPRoute, WebSocketRoute

from appliance.accounts.callers import Callers
from appliance.accounts.whose import Whose
from appliance.app import create_app
from appliance.config import current
from appliance.errors import NotAuthenticated
from storage import layout
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.stack import Stack

WALLET = {"/wallet/challenge", "/wallet/login"}
SEEN_BY_ALL = {"/profiles", "/profiles/{profile_id}", "/hashtags"}
PUBLIC = {
    *(("get", "/healthz"), ("get", "/readyz"), ("post", "/login")),
    *(("post", path) for path in WALLET),
    *(("get", path) for path in SEEN_BY_ALL),
}
SETTINGS = {
    "DARKROOM_DATABASE_URL": "postgresql://nowhere/none",
    "DARKROOM_VALKEY_URL": "redis://nowhere",
    "DARKROOM_STORAGE_URL": "http://nowhere",
    "DARKROOM_TOKEN_SECRET": "a-secret-of-tests-that-is-long-enough",
    **dict.fromkeys(("DARKROOM_UPLOADER_KEY", "DARKROOM_READER_KEY"), "access:secret"),
}
SOME_ID = "01a1fd40-745d-775e-9958-364e9bfb0770"
METHODS = {"get", "post", "put", "delete", "patch"}


def test_every_route_but_the_public_ones_needs_a_caller(stack: Stack) -> None:
    description = httpx.get(f"{stack.url}/openapi.json").json()
    routes = {(m, path) for path, item in description["paths"].items() for m in item if m in METHODS}
    assert routes > PUBLIC
    for method, path in routes - PUBLIC:
        url = stack.url + re.sub(
            "{[a-z_]+}", "01a1fd40-745d-775e-9958-364e9bfb0770", re.sub("{(page|word_id|library)}", "1", path)
        )
        for headers in (
            {},
            {"Authorization": "Bearer dk_wrong"},
            {"Authorization": "Basic eDp5"},
            {"Authorization": "Bearer a.b.c"},
        ):
            answer = httpx.request(method, url, headers=headers)
            assert answer.status_code == 401, (method, path, headers, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_nothing_else_is_public_nor_brought_along_by_the_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of what is in no description: the pages, and the description itself."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    public: set[str] = set()
    others: set[str] = set()
    sockets: set[str] = set()
    try:
        for route in create_app().routes:
            if isinstance(route, WebSocketRoute):
                sockets.add(route.path)
                continue
            assert isinstance(route, HTTPRoute)
            for handler in route.route_handlers:
                if "OPTIONS" not in handler.http_methods:
                    (public if handler.opt.get("public") else others).add(route.path)
    finally:
        current.cache_clear()
    others_too = {"/docs", "/docs/start.js", "/docs/{name:str}", "/openapi.json"}
    assert {path.replace(":uuid", "") for path in public} == {path for _, path in PUBLIC} | others_too
    owners = {f"/{root}/{{owner_id:str}}/events" for root in ("projects", "users")}
    chats = {f"/{root}/{{owner_id:str}}/events" for root in (layout.CHATS, layout.CHAT)}
    asking_for_a_ticket = owners | chats | {"/progress/{progress_id:uuid}/events", "/notifications"}
    asking_for_a_ticket |= {"/admin/events", "/library/events"}
    assert sockets == asking_for_a_ticket
    assert {path for path in others if path.startswith("/openapi")} <= {
        *("/openapi", "/openapi/openapi.json", "/openapi/{path:str}")
    }


def test_what_wallets_and_moderators_reach_is_a_closed_list(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    marked: dict[str, set[str]] = {"limited": set(), "moderator": set()}
    try:
        for route in create_app().routes:
            if isinstance(route, HTTPRoute):
                for handler in route.route_handlers:
                    for mark in marked.keys() & handler.opt.keys():
                        marked[mark] |= {f"{m} {route.path}" for m in handler.http_methods if m != "OPTIONS"}
    finally:
        current.cache_clear()
    assert marked["moderator"] == {
        *("GET /moderation/queue", "GET /moderation/history", "GET /moderation/editions/{edition_id:uuid}"),
        *(f"POST /moderation/editions/{{edition_id:uuid}}/{w}" for w in ("claim", "release", "approve", "reject")),
    }
    profiles = {one for one in marked["limited"] if one.split(" ")[1].startswith("/profiles")}
    assert marked["limited"] - profiles == {
        *(
            "POST /tickets",
            "GET /notifications",
            "GET /users/{owner_id:str}/events",
            "GET /projects/{owner_id:str}/events",
        ),
        "GET /progress/{progress_id:uuid}",
        *("GET /files/{file_id:uuid}/upload", "POST /files/{file_id:uuid}/upload/parts"),
        *("PUT /files/{file_id:uuid}/content", "POST /files/{file_id:uuid}/complete"),
        "POST /images/{file_id:uuid}/uploaded",
    }


def test_first_path_parts_of_the_api_are_reserved(stack: Stack) -> None:
    """So that no bucket behind the edge can ever stand in the way of a route."""
    paths = httpx.get(f"{stack.url}/openapi.json").json()["paths"]
    parts = {path.split("/")[1] for path in paths} | {"docs", "openapi.json", "web"}
    assert parts <= layout.RESERVED


def test_project_token_sees_its_own_project_alone(project: Project, stranger: Project) -> None:
    image_id = stranger.upload(pictures.jpeg(200, 150))
    stranger.ended(image_id)
    for method, path in (
        ("GET", f"/images/{image_id}"),
        ("DELETE", f"/images/{image_id}"),
        ("POST", f"/images/{image_id}/retry"),
        ("POST", f"/images/{image_id}/uploaded"),
        ("GET", f"/projects/{stranger.id}"),
        ("GET", f"/projects/{stranger.id}/images"),
        ("GET", f"/projects/{stranger.id}/events"),
        ("GET", f"/projects/{stranger.id}/usage"),
        ("POST", f"/projects/{stranger.id}/retry"),
        ("GET", f"/assets/{image_id}/timeline"),
    ):
        assert project.api.request(method, path).status_code == 404, path
    body = {"filename": "a.jpg", "project_id": stranger.id}
    assert project.api.post("/images/", json=body).status_code == 404
    assert project.api.post("/tickets", json={"project_id": stranger.id}).status_code == 404
    assert stranger.image(image_id)["state"] == "done"


def test_project_token_makes_no_projects_tokens_or_metrics(project: Project) -> None:
    assert project.api.post("/projects/", json={"name": "x"}).status_code == 403
    assert project.api.get("/projects/").status_code == 403
    assert project.api.delete(f"/projects/{project.id}").status_code == 403
    assert project.api.post("/tokens", json={"project_id": project.id}).status_code == 403
    assert project.api.get("/metrics").status_code == 403


def test_metrics_need_an_admin_key(project: Project, stack: Stack) -> None:
    plain = stack.verb("apikey", "create", "plain").stdout.strip()
    assert httpx.get(f"{stack.url}/metrics", headers={"Authorization": f"Bearer {plain}"}).status_code == 403
    answer = project.server.get("/metrics")
    assert answer.status_code == 200
    assert "darkroom_open_assets" in answer.text


def test_token_lives_as_long_as_asked_and_not_longer(project: Project) -> None:
    for ttl in (0, -1, 10**6):
        assert project.server.post("/tokens", json={"project_id": project.id, "ttl": ttl}).status_code == 400
    made = project.server.post("/tokens", json={"project_id": project.id, "ttl": 60})
    assert made.status_code == 201
    # One letter changed is another signature.
    token = made.json()["token"]
    forged = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert (
        httpx.get(
            f"{project.stack.url}/projects/{project.id}", headers={"Authorization": f"Bearer {forged}"}
        ).status_code
        == 401
    )


def test_token_runs_out_also_where_it_is_known(project: Project) -> None:
    token = project.server.post("/tokens", json={"project_id": project.id, "ttl": 1}).json()["token"]
    url, headers = f"{project.stack.url}/projects/{project.id}", {"Authorization": f"Bearer {token}"}

    def answers() -> set[int]:
        """From both processes, as good as surely."""
        with ThreadPoolExecutor(16) as many:
            return set(many.map(lambda _: httpx.get(url, headers=headers).status_code, range(16)))

    assert answers() == {200}
    wait_for(lambda: answers() == {401}, 20)


@pytest.mark.pure
async def test_a_process_that_knows_a_token_knows_its_end() -> None:
    """Clocks may be 5 seconds apart, so one that ran out 3 seconds ago is good for one or two more."""
    callers = Callers("a-secret-of-tests-that-is-long-enough")
    authorization = f"Bearer {callers.token(Whose('projects', '111'), -3)[0]}"
    assert (await callers.recognise(authorization)).owner == Whose("projects", "111")
    await asyncio.sleep(2.1)
    with pytest.raises(NotAuthenticated):
        await callers.recognise(authorization)


def test_login_address_works_once(stack: Stack) -> None:
    address = stack.verb("open").stdout.strip()
    code = address.partition("#login=")[2]
    first = httpx.post(f"{stack.url}/login", json={"code": code})
    assert first.status_code == 201
    token = first.json()["token"]
    assert httpx.get(f"{stack.url}/projects/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert httpx.post(f"{stack.url}/login", json={"code": code}).status_code == 401


def test_host_is_never_reflected_unchecked(project: Project) -> None:
    body = {"filename": "a.jpg", "project_id": project.id}
    answer = project.api.post("/images/", json=body, headers={"Host": "evil.example"})
    assert answer.status_code != 201 or answer.json()["upload_link"].startswith(project.stack.url)


def test_links_work_under_every_name_of_the_machine(project: Project) -> None:
    body = {"filename": "a.jpg", "project_id": project.id}
    for url in (project.stack.url, project.stack.url.replace("127.0.0.1", "localhost")):
        link = project.api.post(f"{url}/images/", json=body).json()
        assert link["upload_link"].startswith(url)
        assert project.send(link, pictures.jpeg(200, 150)).status_code == 201
        project.ended(link["image_id"])
        image = project.api.get(f"{url}/images/{link['image_id']}").json()
        assert image["versions"]["thumb"]["url"].startswith(url)
        assert httpx.get(image["versions"]["thumb"]["url"]).status_code == 200


def test_api_page_works_without_the_internet(stack: Stack) -> None:
    page = httpx.get(f"{stack.url}/docs")
    assert page.status_code == 200
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for name, kind in (("swagger-ui-bundle.js", "javascript"), ("swagger-ui.css", "css"), ("start.js", "javascript")):
        asset = httpx.get(f"{stack.url}/docs/{name}")
        assert asset.status_code == 200
        assert asset.headers["content-type"].startswith(f"text/{kind}")
    assert httpx.get(f"{stack.url}/docs/../../etc/passwd").status_code == 404


def test_ready_says_that_all_is_well(stack: Stack) -> None:
    answer = httpx.get(f"{stack.url}/readyz")
    parts = dict.fromkeys(("postgres", "valkey", "storage", "clocks"), "ok")
    assert answer.json() == {"status": "ok", "parts": parts}
    assert httpx.get(f"{stack.url}/healthz").json() == {"status": "ok"}
