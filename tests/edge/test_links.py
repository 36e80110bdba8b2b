"""Links through the edge: what an answer says of itself, and which are refused."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from storage.layout import SIGNING_HOST
from storage.links import Links, UploadForms
from storage.signing import Signer
from tests.daemons import minio
from tests.edge.places import new_version, upload

PAGE = b"<script>alert(1)</script>"


def stored_version(storage: minio.Minio, content_type: str = "image/jpeg") -> str:
    key = new_version()
    storage.objects().put("versions", key, b"a version", content_type, reduced=True)
    return key


def test_link_is_good_under_every_name(edge_names: list[str], client: httpx.Client, links: Links, stored: str) -> None:
    path = links.link("versions", stored)
    for name in edge_names:
        answer = client.get(path, headers={"Host": name})
        assert (answer.status_code, answer.content) == (200, b"a version")


def test_who_is_redirected_here_may_bring_a_token_along(client: httpx.Client, links: Links, stored: str) -> None:
    path = links.link("versions", stored)
    token = ("Authorization", "Bearer a.b.c")
    assert client.get(path, headers=[token]).content == b"a version"
    assert client.get(path, headers=[token, ("Authorization", "AWS uploaderkey:x")]).content == b"a version"
    assert client.get(path, headers=[("Authorization", "AWS uploaderkey:x")]).status_code == 403
    assert client.get(path.partition("?")[0], headers=[token]).status_code == 403
    assert client.put(path, headers=[token], content=b"another").status_code == 403


def test_version_may_be_kept_by_the_browser_that_asked(client: httpx.Client, links: Links, stored: str) -> None:
    answer = client.get(links.link("versions", stored))
    assert answer.headers["cache-control"] == "private, max-age=7200, immutable"
    assert answer.headers["content-type"] == "image/jpeg"
    again = client.get(links.link("versions", stored), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_error_is_kept_by_nobody(client: httpx.Client, links: Links) -> None:
    answer = client.get(links.link("versions", new_version()))
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "image/jpeg"])
def test_original_never_runs_in_a_browser(
    client: httpx.Client, links: Links, forms: UploadForms, content_type: str
) -> None:
    key, version_id = upload(client, forms, PAGE)
    answer = client.get(links.link("originals", key, version_id, content_type=content_type))
    assert answer.content == PAGE
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("signed", ["inline", "INLINE; filename=a.html", " inline"])
def test_signed_inline_is_turned_into_attachment_for_originals(
    client: httpx.Client, forms: UploadForms, signed: str
) -> None:
    key, version_id = upload(client, forms, PAGE)
    answer = client.get(presigned(key, {"versionId": version_id, "response-content-disposition": signed}))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")


def test_signed_name_arrives(client: httpx.Client, links: Links, forms: UploadForms) -> None:
    key, version_id = upload(client, forms)
    answer = client.get(links.link("originals", key, version_id, filename="Füße.jpg"))
    assert (
        answer.headers["content-disposition"]
        == "attachment; filename=\"F__e.jpg\"; filename*=UTF-8''F%C3%BC%C3%9Fe.jpg"
    )


def test_version_without_a_name_is_an_attachment_too(client: httpx.Client, links: Links, stored: str) -> None:
    assert client.get(links.link("versions", stored)).headers["content-disposition"] == "attachment"


def test_ranges_and_heads_work(client: httpx.Client, links: Links, forms: UploadForms) -> None:
    key, version_id = upload(client, forms, b"0123456789")
    path = links.link("originals", key, version_id)
    part = client.get(path, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert client.get(path, headers={"Range": "bytes=50-60"}).status_code == 416


def test_expired_link_is_refused(client: httpx.Client, stored: str, links: Links) -> None:
    old = links.link("versions", stored, now=datetime.now(UTC) - timedelta(hours=3))
    assert client.get(old).status_code == 403


def test_link_of_another_object_is_refused(client: httpx.Client, links: Links, stored: str) -> None:
    path, _, query = links.link("versions", new_version()).partition("?")
    assert client.get(f"/versions/{stored}?{query}").status_code == 403
    assert client.get(f"{path}?{query}&versionId={uuid4()}").status_code == 403


def test_link_signed_by_nobody_is_refused(client: httpx.Client, stored: str) -> None:
    assert client.get(Links(minio.READER.access, "guessed").link("versions", stored)).status_code == 403
    assert client.get(f"/versions/{stored}").status_code == 403


def test_uploaders_key_reads_nothing(client: httpx.Client, stored: str) -> None:
    assert client.get(Links(*minio.UPLOADER).link("versions", stored)).status_code == 403


def test_no_server_says_what_it_is(client: httpx.Client, links: Links, stored: str) -> None:
    answer = client.get(links.link("versions", stored))
    named = {name for name in answer.headers if name.startswith(("x-minio", "x-amz-request", "x-amz-id"))}
    assert not named
    assert "minio" not in answer.headers.get("server", "").lower()


@pytest.fixture(scope="module")
def stored(storage: minio.Minio) -> str:
    return stored_version(storage)


@pytest.fixture
def edge_names(client: httpx.Client) -> list[str]:
    port = client.base_url.port
    return [f"127.0.0.1:{port}", f"localhost:{port}", "photos.lan", "storage.internal"]


def presigned(key: str, query: dict[str, str]) -> str:
    signer = Signer(*minio.READER)
    path = f"/originals/{key}"
    return f"{path}?{signer.presign('GET', SIGNING_HOST, path, query, datetime.now(UTC), 600)}"
