"""Bad input gets a clear answer, the worker stays alive, and the next photo is done."""

from typing import Any

import httpx
import pytest

from tests.appliance import pictures
from tests.appliance.client import Project

TEXT = b"This is no picture at all.\n" * 100
BAD_PICTURES = {
    "text.jpg": lambda: TEXT,
    "truncated.jpg": lambda: pictures.jpeg()[:20_000],
    "bomb.png": pictures.bomb,
    "animation.gif": pictures.long_animation,
    "script.jpg": lambda: b"<html><script>alert(1)</script></html>",
    "vector.jpg": lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_bad_picture_ends_as_an_error_and_the_next_is_done(project: Project, name: str) -> None:
    data = BAD_PICTURES[name]()
    failed = project.ended(project.upload(data, name))
    assert failed["state"] == "error"
    assert failed["error"]["code"]
    assert failed["error"]["message"].endswith(".")
    assert httpx.get(failed["versions"]["original"]["url"]).content == data
    assert failed["versions"]["thumb"] is None
    assert project.ended(project.upload(pictures.jpeg(300, 200)))["state"] == "done"
    told = [event for event in project.events() if event["state"] == "error"]
    assert [event["error"] for event in told] == [failed["error"]]


def test_failed_photo_can_be_tried_again(project: Project) -> None:
    image_id = project.upload(TEXT)
    project.ended(image_id)
    again = project.api.post(f"/images/{image_id}/retry")
    assert again.status_code == 200
    assert project.ended(image_id)["state"] == "error"
    states = [event["state"] for event in project.events()]
    assert states == ["init", *["uploaded", "processing", "error"] * 2]
    assert project.api.post(f"/images/{project.link()['image_id']}/retry").status_code == 409


BODIES: dict[str, tuple[Any, str]] = {
    "no name": ({"project_id": 1}, "filename"),
    "empty name": ({"filename": "", "project_id": 1}, "filename"),
    "NUL": ({"filename": "a\0.jpg", "project_id": 1}, "filename"),
    "long name": ({"filename": "é" * 128, "project_id": 1}, "filename"),
    "only controls": ({"filename": "\r\n\u202e", "project_id": 1}, "filename"),
    "number as name": ({"filename": 5, "project_id": 1}, "filename"),
    "no project": ({"filename": "a.jpg"}, "project_id"),
    "project of another type": ({"filename": "a.jpg", "project_id": [1]}, "project_id"),
    "unknown field": ({"filename": "a.jpg", "project_id": 1, "size": 3}, "size"),
}


@pytest.mark.parametrize(("body", "field"), BODIES.values(), ids=BODIES)
def test_bad_body_names_the_field(project: Project, body: Any, field: str) -> None:
    if "project_id" in body and body["project_id"] == 1:
        body = {**body, "project_id": project.id}
    answer = project.api.post("/images/", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_body_that_is_no_json(project: Project) -> None:
    for content in (b"", b"{", b"\xff\xfe", b"[]", b'"text"', b"null"):
        answer = project.api.post("/images/", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, content
        assert answer.json()["status"] == 400


def test_body_that_is_missing_is_called_so(project: Project) -> None:
    answer = project.api.post("/images/")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "body", "message": "is needed, as JSON"}]


def test_body_nested_without_end_is_the_clients_fault(project: Project) -> None:
    answer = project.api.post("/images/", content=b"[" * 20_000)
    assert answer.status_code == 400
    assert "nested" in answer.json()["detail"]


def test_body_over_the_limit_of_the_api(project: Project) -> None:
    answer = project.api.post("/images/", json={"filename": "a" * 100_000, "project_id": project.id})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie: x.jpg"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\me.jpg", "me.jpg"),
        ("cafe\u0301 😀.jpg", "café 😀.jpg"),
        ("a%2Fb.jpg", "a%2Fb.jpg"),
        ('quo"te;.jpg', 'quo"te;.jpg'),
    ],
)
def test_name_is_cleaned_and_never_part_of_a_key(project: Project, given: str, kept: str) -> None:
    link = project.link(given)
    assert link["params"]["key"].rsplit("/", 1)[1] == link["image_id"]
    project.send(link, pictures.jpeg(300, 200))
    done = project.ended(link["image_id"])
    assert done["filename"] == kept
    disposition = httpx.get(done["versions"]["original"]["url"]).headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert "\r" not in disposition
    assert "\n" not in disposition


def test_nothing_a_client_can_send_is_our_fault(project: Project) -> None:
    """NUL, surrogates and bytes that are no text, wherever text is taken."""
    server, answers = project.server, []
    for path in ("/projects/a%00b", "/projects/%ff%fe/images", "/projects/?cursor=a%00", "/images/%00", "/docs/%00"):
        answers.append(server.get(path))
    for query in ("after=%00", "after=1&epoch=%00", "after=0&limit=%ff"):
        answers.append(server.get(f"/projects/{project.id}/events?{query}"))
    texts = ('"a\\u0000b"', '"\\ud800"', '"😀"', "1e400", "-5", "true", "[[[[]]]]", "9" * 400)
    deep = ("[" * 20_000, "[" * 9_000 + "]" * 9_000, '{"a":' * 9_000 + "1" + "}" * 9_000, "NaN", "-0", "1.0")
    for text in (*texts, *deep):
        for path, body in (
            ("/projects/", f'{{"name": {text}}}'),
            ("/projects/", f'{{"name": "n", "id": {text}}}'),
            ("/images/", f'{{"filename": {text}, "project_id": "{project.id}"}}'),
            ("/images/", f'{{"filename": "a.jpg", "project_id": {text}}}'),
            ("/tokens", f'{{"project_id": {text}}}'),
            ("/tokens", f'{{"project_id": "{project.id}", "ttl": {text}}}'),
            ("/tickets", f'{{"project_id": {text}}}'),
            ("/login", f'{{"code": {text}}}'),
        ):
            answers.append(server.post(path, content=body.encode(), headers={"Content-Type": "application/json"}))
    for credential in (b"\xff\xfe", b"dk_\xff", b"a.b.c", b"eyJhbGciOiJub25lIn0.eyJzdWIiOiIqIn0."):
        answers.append(server.get("/projects/", headers={b"Authorization": b"Bearer " + credential}))
    assert [(a.request.url, a.request.content, a.text) for a in answers if a.status_code >= 500] == []


def test_unknown_things_are_404(project: Project) -> None:
    nobody = "01a1fd40-745d-775e-9958-364e9bfb0770"
    server = project.server
    for method, path in (
        ("GET", "/projects/nobody"),
        ("DELETE", "/projects/nobody"),
        ("GET", "/projects/nobody/images"),
        ("GET", "/projects/nobody/events"),
        ("GET", f"/images/{nobody}"),
        ("DELETE", f"/images/{nobody}"),
        ("POST", f"/images/{nobody}/uploaded"),
        ("POST", f"/images/{nobody}/retry"),
        ("GET", "/images/no-uuid"),
        ("GET", "/no/such/path"),
    ):
        answer = server.request(method, path)
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["status"] == 404
    assert server.post("/images/", json={"filename": "a.jpg", "project_id": "nobody"}).status_code == 404
    assert server.post("/tokens", json={"project_id": "nobody"}).status_code == 404
    assert server.request("PATCH", "/images/").status_code in (404, 405)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "state=ready", "state=deleted", "cursor=x", "links=some"],
)
def test_bad_query_of_a_list(project: Project, query: str) -> None:
    answer = project.api.get(f"/projects/{project.id}/images?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


@pytest.mark.parametrize("name", ["", " ", "x" * 201])
def test_bad_project(project: Project, name: str) -> None:
    answer = project.server.post("/projects/", json={"name": name})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "name"
    for bad in ("a/b", "..", "", "ä", "x" * 65, "-a"):
        refused = project.server.post("/projects/", json={"name": "n", "id": bad})
        assert refused.status_code == 400, bad
    assert project.server.post("/projects/", json={"name": "n", "id": project.id}).status_code == 409
