"""The server's own headers of replication, by which whoever may write could make an object that nobody can read."""

import http.client
from contextlib import closing

import httpx
import pytest
from minio import Minio

from storage.links import Links, UploadForms
from tests.daemons import caddy, minio
from tests.edge.places import ONE_KB, new_original, new_version, send

SEALED = {
    "X-Minio-Replication-Server-Side-Encryption-Sealed-Key": "c2VhbGVk",
    "X-Minio-Replication-Server-Side-Encryption-Seal-Algorithm": "DAREv2-HMAC-SHA256",
    "X-Minio-Replication-Server-Side-Encryption-Iv": "aXY=",
}


def test_headers_of_replication_do_not_reach_storage(
    edge: caddy.Caddy, client: httpx.Client, forms: UploadForms, links: Links
) -> None:
    key = new_original()
    form = forms.form(key, 10_000, 600)
    answer = client.post(form.path, data=form.params, files={"file": ("a.jpg", ONE_KB, "image/jpeg")}, headers=SEALED)
    assert answer.status_code == 201, answer.text
    got = client.get(links.link("originals", key, answer.headers["x-amz-version-id"]))
    assert (got.status_code, got.content) == (200, ONE_KB), got.text


@pytest.mark.parametrize("field", SEALED)
def test_a_form_with_fields_of_replication_is_refused(
    client: httpx.Client, storage: minio.Minio, forms: UploadForms, field: str
) -> None:
    for name in (field, field.lower(), field.upper()):
        key = new_original()
        assert send(client, forms.form(key, 10_000, 600), changed={name: "c2VhbGVk"}).status_code == 403
        assert not list(storage.objects().list("originals", key, versions=True))


def test_attack_works_where_there_is_no_edge(storage: minio.Minio) -> None:
    """The proof that these tests try the true thing."""
    key = new_version()
    root = Minio(f"127.0.0.1:{storage.port}", *minio.ROOT, secure=False, region="us-east-1")
    url = root.get_presigned_url("PUT", "versions", key)
    with closing(http.client.HTTPConnection("127.0.0.1", storage.port, timeout=10)) as connection:
        connection.request("PUT", url.partition(str(storage.port))[2], ONE_KB, SEALED)
        assert connection.getresponse().status == 200
        read = root.get_presigned_url("GET", "versions", key).partition(str(storage.port))[2]
    with closing(http.client.HTTPConnection("127.0.0.1", storage.port, timeout=10)) as connection:
        connection.request("GET", read)
        assert connection.getresponse().status >= 400
    root.remove_object("versions", key)
