"""Pages of other origins: those on the list may upload, call and listen; the edge alone answers for it."""

import httpx
import pytest

from storage.links import Links, UploadForms
from tests.daemons import minio
from tests.edge.conftest import ORIGIN
from tests.edge.places import ONE_KB, new_original, new_version

PATHS = ["/images/", "/originals", "/versions/projects/1/images/20260101/x/y", "/projects/111/events"]


def preflight(client: httpx.Client, path: str, origin: str) -> httpx.Response:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    return client.options(path, headers={"Origin": origin, **asked})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [ORIGIN, "http://127.0.0.1:5000"])
def test_preflight_of_an_allowed_origin(client: httpx.Client, path: str, origin: str) -> None:
    answer = preflight(client, path, origin)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert {"GET", "POST", "PUT", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert {"Authorization", "Content-Type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", ORIGIN + ".evil.example", "http://shop.example", ORIGIN + ":444", "*"]
)
def test_other_origins_get_nothing(client: httpx.Client, path: str, origin: str) -> None:
    for answer in (preflight(client, path, origin), client.get(path, headers={"Origin": origin})):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_answer_of_the_api_carries_the_edges_word_alone(client: httpx.Client) -> None:
    answer = client.get("/echo", headers={"Origin": ORIGIN})
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert "access-control-allow-credentials" not in answer.headers
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert {"Origin", "accept"} <= {
        word.strip() for line in answer.headers.get_list("vary") for word in line.split(",")
    }
    assert "access-control-allow-origin" not in client.get("/echo").headers


def test_page_of_another_origin_uploads_and_reads(
    client: httpx.Client, forms: UploadForms, links: Links, storage: minio.Minio
) -> None:
    form = forms.form(new_original(), 1000, 900)
    sent = client.post(form.path, data=form.params, files={"file": ("a", ONE_KB)}, headers={"Origin": ORIGIN})
    assert sent.status_code == 201
    key = new_version()
    storage.objects().put("versions", key, b"v", "image/jpeg")
    read = client.get(links.link("versions", key), headers={"Origin": ORIGIN})
    for answer in (sent, read):
        assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
        assert "ETag" in answer.headers["access-control-expose-headers"]


def test_refusal_can_be_read_by_an_allowed_page(client: httpx.Client) -> None:
    answer = client.get("/originals", headers={"Origin": ORIGIN})
    assert answer.status_code == 403
    assert answer.headers["access-control-allow-origin"] == ORIGIN
