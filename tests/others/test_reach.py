"""What a key of another program can't reach: other buckets, how its own is kept, the server's own calls, other keys."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from storage.keys import Key
from storage.objects import Objects
from storage.tenants import Tenants
from tests.daemons import minio
from tests.others.conftest import Guest, House
from tests.others.raw import Answer, link, send, signed
from tests.others.test_forged import refused

POLICY = b'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}'


def ask(house: House, key: Key, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """A request that is truly signed with `key`; underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(
        house, method, target, signed(house, key, method, target, named, hashlib.sha256(body).hexdigest()), body
    )


def delete(house: House, key: Key, path: str) -> Answer:
    """Asks to delete one object by the call that is for many, which answers for each of them."""
    _, bucket, name = path.split("/", 2)
    many = f"<Delete><Object><Key>{name}</Key></Object></Delete>".encode()
    md5 = base64.b64encode(hashlib.md5(many).digest()).decode()
    return ask(house, key, "POST", f"/{bucket}?delete=", many, content_md5=md5)


@pytest.fixture(scope="module")
def theirs(storage: minio.Minio, neighbour: Guest) -> Iterator[list[str]]:
    """Objects that a guest has no business with, as paths."""
    root, name = Objects(storage.url, *minio.ROOT), f"projects/1/{uuid4()}"
    places = ["originals", "versions", neighbour.bucket]
    for bucket in places:
        root.put(bucket, name, b"secret", "image/jpeg")
    yield [f"/{bucket}/{name}" for bucket in places]
    for bucket in places:
        assert root.get(bucket, name) == b"secret"
        root.purge(bucket, name)


@pytest.mark.parametrize("role", ["key", "reader"])
def test_other_buckets(either: House, guest: Guest, theirs: list[str], role: str) -> None:
    key: Key = getattr(guest, role)
    for path in theirs:
        bucket = "/" + path.split("/")[1]
        for method in ("GET", "HEAD", "DELETE", "PUT"):
            assert ask(either, key, method, path).status == 403
            assert send(either, method, link(either, key, method, path), {}).status == 403
        for query in ("", "?list-type=2", "?versions=", "?uploads=", "?location=", "?policy=", "?notification="):
            assert ask(either, key, "GET", bucket + query).status == 403
        assert ask(either, key, "HEAD", bucket).status == 403
        assert b"<Deleted>" not in delete(either, key, path).body


def test_copies_from_other_buckets(either: House, guest: Guest, theirs: list[str]) -> None:
    target = f"/{guest.bucket}/stolen"
    for path in theirs:
        spelled = (path, path[1:], path.replace("/", "%2F"), f"{path}?versionId=null", f"/{guest.bucket}/../{path[1:]}")
        for source in (*spelled, path.replace("/o", "/%6f", 1)):
            answer = ask(either, guest.key, "PUT", target, x_amz_copy_source=source)
            assert answer.status in (400, 403), (source, answer)
            part = f"{target}?partNumber=1&uploadId=x"
            assert ask(either, guest.key, "PUT", part, x_amz_copy_source=source).status in (400, 403, 404)
    assert ask(either, guest.key, "HEAD", target).status == 404


@pytest.mark.parametrize("up", ["..", "%2e%2e", ".%2e", "..%2f..", "..%5c..", "%252e%252e"])
def test_paths_that_climb(either: House, guest: Guest, theirs: list[str], up: str) -> None:
    for path in theirs:
        for target in (
            f"/{guest.bucket}/{up}{path}",
            f"/{guest.bucket}{up}{path}",
            f"/{up}{path}",
            f"/.{path}",
            f"/{path}",
        ):
            for answer in (
                ask(either, guest.key, "GET", target),
                send(either, "GET", link(either, guest.key, "GET", target), {}),
            ):
                assert answer.status in (400, 403, 404), target
                assert b"secret" not in answer.body


def test_list_of_buckets_shows_its_own(either: House, guest: Guest, neighbour: Guest) -> None:
    for key in (guest.key, guest.reader):
        answer = ask(either, key, "GET", "/")
        assert answer.body.count(b"<Name>") == 1
        assert b"<Name>films</Name>" in answer.body
    for query in ("?events=s3:ObjectCreated:*", "?Action=ListUsers"):
        listed = ask(either, guest.key, "GET", f"/{query}")
        assert listed.status == 403 or b"<Name>music" not in listed.body


CONFIGURATION = [
    "policy",
    "notification",
    "lifecycle",
    "encryption",
    "replication",
    "versioning",
    "object-lock",
    "tagging",
]
CONFIGURATION += [
    "acl",
    "cors",
    "logging",
    "accelerate",
    "requestPayment",
    "inventory",
    "metrics",
    "publicAccessBlock",
]


@pytest.mark.parametrize("what", CONFIGURATION)
def test_how_a_bucket_is_kept_is_not_for_its_key_to_change(either: House, guest: Guest, what: str) -> None:
    """Above all not who else is let in, whom the server tells, and how many versions there are."""
    for method in ("PUT", "DELETE"):
        answer = ask(either, guest.key, method, f"/{guest.bucket}?{what}=", POLICY if method == "PUT" else b"")
        assert answer.status in (400, 403, 405, 501), (method, answer)
    assert ask(either, guest.key, "HEAD", f"/{guest.bucket}").status == 200


def test_buckets_are_neither_made_nor_deleted_by_a_key(either: House, guest: Guest, tenants: Tenants) -> None:
    before = [bucket.name for bucket in tenants.buckets()]
    assert ask(either, guest.key, "PUT", "/another").status == 403
    assert ask(either, guest.key, "DELETE", f"/{guest.bucket}").status == 403
    forced = ask(either, guest.key, "DELETE", f"/{guest.bucket}", x_minio_force_delete="true")
    assert forced.status == 400
    assert [bucket.name for bucket in tenants.buckets()] == before


def test_a_reader_reads(either: House, guest: Guest) -> None:
    path = f"/{guest.bucket}/{uuid4()}"
    assert ask(either, guest.key, "PUT", path, b"seen").status == 200
    assert ask(either, guest.reader, "GET", path).body == b"seen"
    assert ask(either, guest.reader, "PUT", path, b"other").status == 403
    assert ask(either, guest.reader, "DELETE", path).status == 403
    assert ask(either, guest.reader, "PUT", f"{path}?tagging=", b"<Tagging/>").status == 403
    assert ask(either, guest.reader, "POST", f"{path}?uploads=").status == 403
    assert send(either, "PUT", link(either, guest.reader, "PUT", path), {}, b"other").status == 403
    assert send(either, "GET", link(either, guest.reader, "GET", path), {}).body == b"seen"
    assert ask(either, guest.key, "DELETE", path).status == 204


@pytest.mark.parametrize("owner", ["ROOT", "UPLOADER", "READER", "WORKER"])
def test_keys_of_the_appliance_are_no_keys_here(either: House, guest: Guest, theirs: list[str], owner: str) -> None:
    """Truly signed, by a key that could do it: this listener knows none but those that were made for it."""
    key: Key = getattr(minio, owner)
    for method, target in (
        ("GET", "/"),
        ("GET", theirs[0]),
        ("GET", f"/{guest.bucket}?list-type=2"),
        ("PUT", f"/{guest.bucket}/x"),
        ("PUT", "/another"),
        ("DELETE", theirs[1]),
    ):
        assert refused(ask(either, key, method, target))
        assert refused(send(either, method, link(either, key, method, target.partition("?")[0]), {}))


OWN = ["/minio/admin/v3/info", "/minio/admin/v3/list-users", "/minio/health/live", "/minio/health/cluster"]
OWN += [
    "/minio/metrics/v3/api",
    "/minio/v2/metrics/cluster",
    "/minio/storage/",
    "/minio/peer/",
    "/minio/login",
    "/minio",
]
SPELLED = ["{}", "/{}", "//{}", "/.{}", "/films/..{}", "/films/..%2f{}", "/%6dinio/..{}", "{}/", "/{}?x=/films/"]


def own_calls(house: House, guest: Guest, spelling: str) -> dict[tuple[str, str], list[Answer]]:
    """What a stranger, a guest and root are told who ask for the server's own calls, by method and target."""
    found = {}
    for path in (*OWN, *(path.upper() for path in OWN), *(path.replace("minio", "%6dinio") for path in OWN)):
        for method in ("GET", "POST"):
            target = spelling.format(path)
            answers = [ask(house, key, method, target) for key in (guest.key, minio.ROOT)]
            found[method, target] = [send(house, method, target, {}), *answers]
    return found


@pytest.mark.parametrize("spelling", SPELLED)
def test_servers_own_calls_are_out_of_reach(plain: House, guest: Guest, spelling: str) -> None:
    for target, answers in own_calls(plain, guest, spelling).items():
        assert {answer.status for answer in answers} <= {400, 403}, target
        assert not [answer for answer in answers if b"MinIO" in answer.body]


def test_servers_own_calls_are_out_of_reach_over_tls(secure: House, guest: Guest) -> None:
    for target, answers in own_calls(secure, guest, "{}").items():
        assert all(map(refused, answers)), target


def test_tokens_for_other_identities_are_not_given(either: House, guest: Guest) -> None:
    typed = {"content-type": "application/x-www-form-urlencoded"}
    for action in ("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithCertificate", "AssumeRoleWithCustomToken"):
        form = f"Action={action}&Version=2011-06-15&DurationSeconds=3600".encode()
        for target in ("/", "//", f"/{guest.bucket}", f"/{guest.bucket}/a"):
            for asked in (target, f"{target}?{form.decode()}"):
                for key in (guest.key, minio.ROOT):
                    sent = signed(either, key, "POST", asked, typed, hashlib.sha256(form).hexdigest(), sts=True)
                    assert refused(send(either, "POST", asked, sent, form))
            assert refused(send(either, "POST", f"{target}?{form.decode()}", typed))
            assert refused(ask(either, guest.key, "POST", f"{target}?{form.decode()}", form))


@pytest.mark.parametrize(
    "target", ["/", "/films", "/films?list-type=2", "/films/a", "/music/a", "/originals/a", "/nowhere"]
)
def test_strangers(either: House, target: str) -> None:
    """Without a signature, or with one of another kind, storage is never asked."""
    stamp = f"{datetime.now(UTC):%Y%m%d}"
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": "AWS uploaderkey:c2lnbmF0dXJl"},
        {"Authorization": "Bearer eyJhbGciOiJIUzUxMiJ9.e30.x"},
        {"Authorization": "Basic cm9vdDpyb290"},
        {"Authorization": f"AWS4-HMAC-SHA256 Credential=/{stamp}/us-east-1/s3/aws4_request"},
    ):
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            answer = send(either, method, target, headers)
            assert answer.status in (403, 405), (method, answer)
            assert answer.of_edge
    old = f"{target}{'&' if '?' in target else '?'}AWSAccessKeyId=readerkeyy&Expires=99999999999&Signature=abc"
    assert refused(send(either, "GET", old, {}))


def test_server_is_not_named(either: House, guest: Guest) -> None:
    answer = ask(either, guest.key, "GET", "/")
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith(("server", "x-minio", "access-control", "strict-"))]
    for told in (answer, send(either, "GET", "/", {})):
        assert told.headers["x-content-type-options"] == "nosniff"


def test_revoked_key_and_deleted_bucket(either: House, tenants: Tenants) -> None:
    tenants.create("passing", 10**6)
    key, other = tenants.issue("passing", read_only=False), tenants.issue("passing", read_only=True)
    assert ask(either, key, "PUT", "/passing/a", b"1").status == 200
    tenants.revoke(key.access)
    assert ask(either, key, "GET", "/passing/a").status == 403
    assert ask(either, other, "GET", "/passing/a").status == 200
    tenants.delete("passing")
    assert ask(either, other, "GET", "/passing/a").status == 403
    assert "passing" not in [bucket.name for bucket in tenants.buckets()]
    assert not tenants.issued("passing")
