"""Signatures, against those of another implementation."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from minio import Minio

from storage.layout import SIGNING_HOST
from storage.links import Links, UploadForms
from storage.signing import Signer

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 21, 8, 30, 5, 700_000, UTC)
QUERY = {
    "response-content-disposition": "attachment; filename*=UTF-8''a%20b",
    "versionId": "b7f5-x",
    "response-content-type": "image/jpeg",
}


@pytest.mark.parametrize("query", [{}, QUERY])
@pytest.mark.parametrize("key", ["a/b/c.jpg", "projects/1~_.-/images/x"])
def test_link_is_what_minio_py_would_sign(key: str, query: dict[str, str]) -> None:
    other = Minio(SIGNING_HOST, "access", "secret", secure=False, region="us-east-1")
    headers: dict[str, str | list[str] | tuple[str]] = {**query}
    theirs = urlsplit(
        other.get_presigned_url("GET", "versions", key, timedelta(hours=2), response_headers=headers, request_date=NOW)
    )
    ours = Signer("access", "secret").presign("GET", SIGNING_HOST, f"/versions/{key}", query, NOW, 7200)
    assert dict(parse_qsl(ours)) == dict(parse_qsl(theirs.query))


def test_key_of_the_day_is_derived_anew_each_day() -> None:
    signer = Signer("access", "secret")
    for day in (NOW, NOW + timedelta(days=1), NOW):
        fresh = Signer("access", "secret").presign("GET", "h", "/p", {}, day, 1)
        assert signer.presign("GET", "h", "/p", {}, day, 1) == fresh


def test_secret_does_not_show() -> None:
    assert "secret" not in repr(Signer("access", "secret")) + repr(Links("access", "secret"))


def link(now: datetime, window: int = 3600) -> str:
    return Links("access", "secret", window).link("versions", "k", now=now)


def test_link_stays_the_same_within_a_window_and_outlives_it() -> None:
    start = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
    same = {link(start + timedelta(seconds=s)) for s in (0, 1, 1800, 3599.999)}
    assert len(same) == 1
    assert link(start + timedelta(hours=1)) not in same
    fields = dict(parse_qsl(urlsplit(same.pop()).query))
    assert (fields["X-Amz-Date"], fields["X-Amz-Expires"]) == ("20261121T080000Z", "7200")


def test_window_can_be_shorter() -> None:
    fields = dict(parse_qsl(urlsplit(link(NOW, 300)).query))
    assert (fields["X-Amz-Date"], fields["X-Amz-Expires"]) == ("20261121T083000Z", "600")


def test_links_of_chats_have_short_windows_of_their_own() -> None:
    links = Links("access", "secret", 3600, chat_window_seconds=300)
    found = {root: links.link("versions", f"{root}/a/b", now=NOW) for root in ("projects", "chats", "chats2")}
    fields = {root: dict(parse_qsl(urlsplit(one).query))["X-Amz-Expires"] for root, one in found.items()}
    assert fields == {"projects": "7200", "chats": "600", "chats2": "7200"}


def test_link_to_an_original_names_its_version_and_is_an_attachment() -> None:
    links = Links("access", "secret")
    with pytest.raises(ValueError, match="version"):
        links.link("originals", "k")
    fields = dict(parse_qsl(urlsplit(links.link("originals", "k", "v1", "ä.html")).query))
    assert fields["versionId"] == "v1"
    assert fields["response-content-disposition"] == "attachment; filename=\"_.html\"; filename*=UTF-8''%C3%A4.html"


def test_link_to_a_version_may_be_shown() -> None:
    query = urlsplit(Links("access", "secret").link("versions", "k", filename="a.jpg", content_type="image/jpeg")).query
    fields = dict(parse_qsl(query))
    assert fields["response-content-disposition"] == 'inline; filename="a.jpg"'
    assert fields["response-content-type"] == "image/jpeg"


def test_form_says_when_it_ends_and_has_a_limit() -> None:
    forms = UploadForms("access", "secret")
    form = forms.form("k", 10, 900, now=NOW)
    assert (form.path, form.expires_at) == ("/originals", datetime(2026, 11, 21, 8, 45, 5, tzinfo=UTC))
    assert {"key", "policy", "x-amz-signature", "success_action_status"} <= form.params.keys()
    for limit in (0, -1):
        with pytest.raises(ValueError, match="limit"):
            forms.form("k", limit, 900)
