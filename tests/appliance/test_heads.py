"""HEAD wherever there is GET: the same headers and no body."""

import time

import httpx
import pytest

from tests.appliance.client import Project
from tests.stack import Stack


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/swagger-ui.css", "/nowhere"])
def test_of_what_everybody_may_see(stack: Stack, path: str) -> None:
    got, head = httpx.get(stack.url + path), httpx.head(stack.url + path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "content-security-policy", "etag"):
        assert head.headers.get(name) == got.headers.get(name), name


def test_it_needs_a_caller_as_much_as_get(project: Project, stack: Stack) -> None:
    assert httpx.head(f"{stack.url}/projects/{project.id}").status_code == 401
    answer = project.api.head(f"/projects/{project.id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert project.api.head(f"/projects/{project.id}/images", params={"limit": 0}).status_code == 400
    assert project.api.head("/tokens").status_code == 405


def test_a_stream_is_not_begun(project: Project) -> None:
    path, headers = f"/projects/{project.id}/events", {"Accept": "text/event-stream"}
    began = time.monotonic()
    for _ in range(5):
        answer = project.api.head(path, params={"after": 0}, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"].startswith("text/event-stream")
    assert time.monotonic() - began < 10
