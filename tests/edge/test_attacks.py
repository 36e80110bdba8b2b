"""What must not get through to storage, tried as an attacker would: raw, on the public port."""

import base64
import http.client
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.credentials import Credentials
from minio.signer import sign_v4_s3

from storage.layout import SIGNING_HOST
from storage.links import Links, UploadForms
from storage.signing import Signer
from tests.daemons import caddy, minio
from tests.edge.places import ONE_KB, new_original, new_version

FORGER = Signer(minio.UPLOADER.access, "not the secret")
UPLOADER = Signer(*minio.UPLOADER)
WORKER = Signer(*minio.WORKER)
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CRC32 = base64.b64encode(zlib.crc32(ONE_KB).to_bytes(4, "big"))
CHUNKED = b"3e8\r\n" + ONE_KB + b"\r\n0\r\nx-amz-checksum-crc32:" + CRC32 + b"\r\n\r\n"
TRAILER = {"x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": "1000"}
ATTACK = {"x-amz-content-sha256": UNSIGNED, **TRAILER}
"""With CHUNKED as its body this is stored by a server that nobody stands before, whoever signed it."""

STREAMS = [
    ATTACK,
    {"X-AMZ-CONTENT-SHA256": UNSIGNED, **TRAILER},
    {"x-Amz-cOntent-sHa256": UNSIGNED.lower(), **TRAILER},
    {**ATTACK, "content-encoding": "aws-chunked"},
    {**ATTACK, "x-amz-meta-snowball-auto-extract": "true"},
    {"x-amz-content-sha256": UNSIGNED},
    {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", **TRAILER},
    {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", **TRAILER},
    {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
    {"x-amz-decoded-content-length": "1000"},
    {"x-amz-trailer": "x-amz-checksum-crc32"},
    {"x-amz-meta-snowball-auto-extract": "true"},
    {"X-AMZ-META-SNOWBALL-AUTO-EXTRACT": "true"},
    {"x-amz-copy-source": "/versions/x"},
    {"content-encoding": "gzip, aws-chunked"},
]


def raw(edge: caddy.Caddy, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> int:
    """The status of a request sent letter by letter as given: no client tidies its path up."""
    with closing(http.client.HTTPConnection("127.0.0.1", edge.edge.port, timeout=10)) as connection:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body or method in ("PUT", "POST"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection.getresponse().status


def signed(signer: Signer, method: str, path: str, query: dict[str, str] | None = None) -> str:
    return f"{path}?{signer.presign(method, SIGNING_HOST, path, query or {}, datetime.now(UTC), 600)}"


@pytest.fixture(autouse=True)
def _nothing_changes(storage: minio.Minio) -> Iterator[None]:
    """After each attack storage holds what it held before."""
    objects = storage.objects()

    def held() -> list[object]:
        return [stat for bucket in ("originals", "versions") for stat in objects.list(bucket, "", versions=True)]

    before = held()
    yield
    assert held() == before


@pytest.mark.parametrize("headers", STREAMS, ids=str)
@pytest.mark.parametrize("signer", [FORGER, UPLOADER], ids=["forged", "true signature"])
def test_put_of_an_object(edge: caddy.Caddy, headers: dict[str, str], signer: Signer) -> None:
    for body in (CHUNKED, ONE_KB):
        assert raw(edge, "PUT", signed(signer, "PUT", f"/originals/{new_original()}"), headers, body) == 403


@pytest.mark.parametrize("headers", STREAMS, ids=str)
def test_put_of_a_part(edge: caddy.Caddy, multipart: tuple[str, str], headers: dict[str, str]) -> None:
    key, upload = multipart
    for signer in (FORGER, UPLOADER):
        target = signed(signer, "PUT", f"/originals/{key}", {"partNumber": "1", "uploadId": upload})
        assert raw(edge, "PUT", target, headers, CHUNKED) == 403


def test_part_that_is_signed_gets_through_and_a_forged_one_not(edge: caddy.Caddy, multipart: tuple[str, str]) -> None:
    key, upload = multipart
    fields = {"partNumber": "1", "uploadId": upload}
    assert raw(edge, "PUT", signed(FORGER, "PUT", f"/originals/{key}", fields), {}, ONE_KB) == 403
    assert raw(edge, "PUT", signed(UPLOADER, "PUT", f"/originals/{key}", fields), {}, ONE_KB) == 200


@pytest.mark.parametrize("headers", STREAMS, ids=str)
def test_form_with_headers_of_another_protocol(edge: caddy.Caddy, forms: UploadForms, headers: dict[str, str]) -> None:
    for target in ("/originals", "/originals/", f"/originals/{new_original()}"):
        sent = {"Content-Type": "multipart/form-data; boundary=b", **headers}
        assert raw(edge, "POST", target, sent, CHUNKED) == 403


def test_spelling_in_the_query(edge: caddy.Caddy) -> None:
    path = f"/originals/{new_original()}"
    for name in ("X-Amz-Content-Sha256", "x-amz-content-sha256", "X%2DAmz-Content-Sha256"):
        assert raw(edge, "PUT", f"{signed(FORGER, 'PUT', path)}&{name}={UNSIGNED}", {}, CHUNKED) == 403
        fields = "&partNumber=1&uploadId=x"
        assert raw(edge, "PUT", f"{signed(FORGER, 'PUT', path)}{fields}&{name}={UNSIGNED}", {}, CHUNKED) == 403


def test_put_without_a_limit(edge: caddy.Caddy) -> None:
    assert raw(edge, "PUT", signed(UPLOADER, "PUT", f"/originals/{new_original()}"), {}, ONE_KB) == 403
    assert raw(edge, "PUT", signed(WORKER, "PUT", f"/versions/{new_version()}"), {}, ONE_KB) == 403


def test_authorization_header_even_a_true_one(edge: caddy.Caddy) -> None:
    for method, path in (("GET", "/originals/"), ("PUT", f"/versions/{new_version()}"), ("DELETE", "/originals")):
        now = datetime.now(UTC)
        digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        headers = {"Host": SIGNING_HOST, "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}", "x-amz-content-sha256": digest}
        true = sign_v4_s3(
            method=method,
            url=urlsplit(f"http://{SIGNING_HOST}{path}"),
            region="us-east-1",
            headers={**headers},
            credentials=Credentials(*minio.ROOT),
            content_sha256=digest,
            date=now,
        )
        sent = {**headers, "Authorization": str(true["Authorization"])}
        del sent["Host"]
        assert raw(edge, method, path, sent) == 403
        del sent["x-amz-content-sha256"]
        assert raw(edge, method, path, sent) == 403
    assert raw(edge, "GET", "/originals/", {"Authorization": "AWS uploaderkey:x"}) == 403


@pytest.mark.parametrize("query", ["", "list-type=2", "versions", "uploads", "location", "policy", "delete", "acl"])
@pytest.mark.parametrize("bucket", ["/originals", "/originals/", "/versions/", "/versions"])
def test_calls_to_a_bucket(edge: caddy.Caddy, bucket: str, query: str) -> None:
    fields = {query.partition("=")[0]: query.partition("=")[2]} if query else {}
    for method in ("GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"):
        assert raw(edge, method, signed(WORKER, method, bucket, fields), {}) == 403


def test_calls_to_an_object_beyond_reading(edge: caddy.Caddy) -> None:
    path = f"/versions/{new_version()}"
    for method in ("DELETE", "POST", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        assert raw(edge, method, signed(WORKER, method, path), {}) == 403
    for name in ("tagging", "acl", "retention", "attributes", "torrent", "select", "uploadId", "x-id"):
        assert raw(edge, "GET", signed(WORKER, "GET", path, {name: ""}), {}) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/minio/admin/v3/info",
        "/minio/health/cluster",
        "/minio/metrics/v3/api",
        "/MINIO/health/live",
        "//minio/health/live",
        "/%6dinio/health/live",
        "/originals/../minio/health/live",
        "/originals/..%2fminio/health/live",
        "/originals/%2e%2e/minio/health/live",
        "/originals/./../minio/health/live",
        "/originals//minio/health/live",
        "/originals%2f..%2fminio/health/live",
        "/versions/..%5cminio/health/live",
        "/web/../minio/health/live",
        "/web/..%2f..%2fminio/health/live",
    ],
)
def test_servers_own_calls_are_out_of_reach(edge: caddy.Caddy, path: str) -> None:
    """Storage answers these with 200 or 403 and names itself; the edge's own answers, and the API's, don't."""
    with closing(http.client.HTTPConnection("127.0.0.1", edge.edge.port, timeout=10)) as connection:
        connection.putrequest("GET", path)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.getheader("X-Amz-Request-Id") is None
        assert answer.getheader("X-Minio-Write-Quorum") is None
        assert b"MinIO" not in answer.read()
        assert answer.status in (200, 403, 404, 308)
        assert answer.status != 200 or answer.getheader("X-Echo") == "api"


@pytest.mark.parametrize("change", ["/", "//", "/.", "/../x", "%2f", "%00", "%0d%0a", "?", "%3Fx", ";a", "%252f"])
def test_other_spellings_of_a_key(edge: caddy.Caddy, change: str, links: Links) -> None:
    path, _, query = links.link("versions", new_version()).partition("?")
    assert raw(edge, "GET", f"{path}{change}?{query}", {}) in (403, 400)
    assert raw(edge, "GET", f"/versions{change}{path.removeprefix('/versions')}?{query}", {}) in (403, 404, 400, 200)


def test_old_signatures(edge: caddy.Caddy) -> None:
    path = f"/versions/{new_version()}"
    assert raw(edge, "GET", f"{path}?AWSAccessKeyId=readerkeyy&Expires=99999999999&Signature=abc", {}) == 403


def test_attack_works_where_there_is_no_edge(storage: minio.Minio) -> None:
    """The proof that these tests try the true thing: the server alone takes a write that nobody signed."""
    key = new_original()
    path = f"/originals/{key}"
    query = FORGER.presign("PUT", f"127.0.0.1:{storage.port}", path, {}, datetime.now(UTC), 600)
    with closing(http.client.HTTPConnection("127.0.0.1", storage.port, timeout=10)) as connection:
        connection.request("PUT", f"{path}?{query}", CHUNKED, ATTACK)
        assert connection.getresponse().status == 200
    assert storage.objects().purge("originals", key) == 1


@pytest.fixture
def multipart(storage: minio.Minio) -> Iterator[tuple[str, str]]:
    """A key and an upload id to send parts for."""
    client = Minio(f"127.0.0.1:{storage.port}", *minio.ROOT, secure=False, region="us-east-1")
    key = new_original()
    upload = client._create_multipart_upload("originals", key, {})
    yield key, upload
    client._abort_multipart_upload("originals", key, upload)
