"""Upload forms through the edge: what they let in, and what they don't."""

import hashlib
import http.client
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from storage.links import Links, UploadForms
from storage.parts import PartLinks, PartWriter
from storage.signing import Body
from tests.daemons import caddy, minio
from tests.edge.conftest import MAX_UPLOAD
from tests.edge.places import ONE_KB, new_original, send, upload

FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def test_form_stores_the_bytes_and_names_their_version(
    client: httpx.Client, forms: UploadForms, storage: minio.Minio
) -> None:
    key, version_id = upload(client, forms)
    assert storage.objects().get("originals", key, version_id) == ONE_KB


def test_replayed_form_leaves_the_first_bytes_under_their_version(
    client: httpx.Client, forms: UploadForms, links: Links
) -> None:
    form = forms.form(new_original(), 300_000, 900)
    first = send(client, form).headers["x-amz-version-id"]
    assert send(client, form, b"other bytes").status_code == 201
    assert client.get(links.link("originals", form.params["key"], first)).content == ONE_KB


def test_form_replayed_too_often_is_refused(client: httpx.Client, forms: UploadForms, storage: minio.Minio) -> None:
    form = forms.form(new_original(), 300_000, 900)
    assert [send(client, form).status_code for _ in range(4)] == [201, 201, 201, 400]
    assert len(list(storage.objects().list("originals", form.params["key"], versions=True))) == 3


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"key": new_original()}, 403),
        ({"key": "../versions/x"}, 403),
        ({"success_action_status": "200"}, 403),
        ({"x-amz-meta-a": "b"}, 403),
        ({"x-amz-meta-snowball-auto-extract": "true"}, 403),
        ({"x-amz-storage-class": "REDUCED_REDUNDANCY"}, 403),
        ({"x-amz-signature": "0" * 64}, 403),
        ({"x-amz-credential": "readerkeyy/20260101/us-east-1/s3/aws4_request"}, 403),
        ({"policy": "e30="}, 403),
    ],
)
def test_tampered_form_is_refused_and_stores_nothing(
    client: httpx.Client, forms: UploadForms, storage: minio.Minio, changed: dict[str, str], status: int
) -> None:
    form = forms.form(new_original(), 300_000, 900)
    assert send(client, form, changed=changed).status_code == status
    for key in (form.params["key"], changed.get("key", "nothing")):
        assert storage.objects().head("originals", key.removeprefix("../")) is None


def test_expired_form_is_refused(client: httpx.Client, forms: UploadForms, storage: minio.Minio) -> None:
    form = forms.form(new_original(), 300_000, 60, now=datetime.now(UTC) - timedelta(seconds=61))
    assert send(client, form).status_code == 403
    assert storage.objects().head("originals", form.params["key"]) is None


def test_no_bytes_are_refused(client: httpx.Client, forms: UploadForms, storage: minio.Minio) -> None:
    form = forms.form(new_original(), 300_000, 900)
    assert send(client, form, b"").status_code == 400
    assert storage.objects().head("originals", form.params["key"]) is None


def test_one_byte_more_than_the_form_allows_is_refused(client: httpx.Client, forms: UploadForms) -> None:
    form = forms.form(new_original(), 1000, 900)
    assert send(client, form, b"y" * 1001).status_code == 400
    assert send(client, form, b"y" * 1000).status_code == 201


def test_body_over_the_limit_is_refused_before_it_is_sent(edge: caddy.Caddy, forms: UploadForms) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", edge.edge.port, timeout=5)) as connection:
        connection.putrequest("POST", "/originals")
        for name, value in {**FORM, "Content-Length": str(MAX_UPLOAD + 10**5)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["code"] == "too_large"


def test_body_of_unknown_length_is_refused(client: httpx.Client) -> None:
    answer = client.post("/originals", content=iter([b"a", b"b"]), headers=FORM)
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_largest_upload_fits(client: httpx.Client, forms: UploadForms) -> None:
    form = forms.form(new_original(), MAX_UPLOAD, 900)
    assert send(client, form, b"z" * MAX_UPLOAD).status_code == 201


def test_a_part_is_held_to_its_checksum_and_to_the_largest_there_can_be(
    edge: caddy.Caddy, client: httpx.Client, storage: minio.Minio
) -> None:
    key, writer = new_original(), PartWriter(storage.url, *minio.UPLOADER)
    upload = writer.begin("originals", key)
    body = Body(len(ONE_KB), hashlib.sha256(ONE_KB).hexdigest())
    link = PartLinks(*minio.UPLOADER).link(key, upload, 1, body, 900)
    other = client.put(link, content=ONE_KB[:-1] + b"y")
    assert (other.status_code, "XAmzContentSHA256Mismatch" in other.text) == (400, True)
    assert client.put(link, content=ONE_KB[:-1]).status_code == 403
    assert client.put(link.replace(body.sha256, "UNSIGNED-PAYLOAD"), content=ONE_KB).json()["code"] == "refused"
    assert writer.listed("originals", key, upload) == []
    assert client.put(link, content=ONE_KB).status_code == 200
    with closing(http.client.HTTPConnection("127.0.0.1", edge.edge.port, timeout=5)) as connection:
        connection.putrequest("PUT", link)
        connection.putheader("Content-Length", str((48 << 20) + 1))
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
