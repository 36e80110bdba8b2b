"""The pages, and the rules they are shown under."""

import httpx
import pytest

from tests.daemons import caddy

PROFILE = "/profiles/019ac0de-0000-7000-8000-0123456789ab"
NAVIGATES = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ("/", "/chat", "/chat/", "/profiles/new", "/moderation", "/admin", "/web/app.js", "/web/index.html")


@pytest.mark.parametrize("path", [*PAGES, PROFILE, "/profiles/?hashtag=art"])
def test_page_may_load_and_call_only_its_own(client: httpx.Client, edge: caddy.Caddy, path: str) -> None:
    answer = client.get(path, headers=NAVIGATES, follow_redirects=True)
    assert answer.status_code == 200
    policy = dict(rule.strip().partition(" ")[::2] for rule in answer.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "media-src": "'self'",
        "connect-src": f"'self' ws://127.0.0.1:{edge.edge.port}",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


def test_page_is_the_folders_index(client: httpx.Client) -> None:
    assert "<title>page</title>" in client.get("/").text
    assert "<title>chats</title>" in client.get("/chat").text
    assert "<title>new</title>" in client.get("/profiles/new").text
    assert "<title>moderation</title>" in client.get("/moderation/").text
    assert "<title>admin</title>" in client.get("/admin/").text
    assert client.get("/web/app.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    ("path", "title"), [(PROFILE, "profile"), ("/profiles/?hashtag=art", "list"), ("/profiles", "list")]
)
def test_profile_is_a_page_to_who_looks_and_the_apis_to_a_program(client: httpx.Client, path: str, title: str) -> None:
    page = client.get(path, headers=NAVIGATES)
    assert f"<title>{title}</title>" in page.text
    assert "content-security-policy" in page.headers
    for accept in ("application/json", "*/*", "application/json, text/html;q=0.1"):
        answer = client.get(path, headers={"Accept": accept})
        assert "<title>" not in answer.text
        assert "content-security-policy" not in answer.headers
        assert "Accept" in answer.headers.get_list("vary", split_commas=True)
    assert "Accept" in page.headers.get_list("vary", split_commas=True)
    assert "<title>" not in client.delete(path, headers=NAVIGATES).text
    assert "<title>" not in client.get(f"{PROFILE}/edition", headers=NAVIGATES).text


@pytest.mark.parametrize(
    "path", ["/web/../secret.txt", "/web/..%2fsecret.txt", "/web/%2e%2e/secret.txt", "/web//../secret.txt", "/web/none"]
)
def test_nothing_beside_the_folder_is_served(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert "not for the web" not in answer.text


def test_what_is_not_there_is_said_as_a_problem(client: httpx.Client) -> None:
    answer = client.get("/web/none.js")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing here.",
        "code": "not_found",
    }


def test_folder_is_not_listed(client: httpx.Client) -> None:
    assert "app.js" not in client.get("/web/").text
