"""Writes that nobody signed, or that somebody else did, by every way there is: refused, and nothing is stored."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from storage.keys import Key
from storage.objects import Objects
from tests.daemons import minio
from tests.edge.test_attacks import ATTACK, CHUNKED, STREAMS
from tests.edge.test_wire import IN_PIECES
from tests.others.conftest import Guest, House
from tests.others.raw import Answer, link, old_link, send, signed

BODY = b"x" * 1000
UNDER_WAY = "under-way"
SNOWBALL = {"x-amz-meta-snowball-auto-extract": "true"}
OTHERS = [minio.ROOT, minio.UPLOADER, minio.READER, minio.WORKER]


@pytest.fixture(autouse=True)
def _nothing_changes(storage: minio.Minio, guest: Guest, neighbour: Guest) -> Iterator[None]:
    """After each attack storage holds what it held before."""
    root = Objects(storage.url, *minio.ROOT)

    def held() -> list[object]:
        buckets = ("originals", "versions", guest.bucket, neighbour.bucket)
        return [(bucket, stat) for bucket in buckets for stat in root.list(bucket, "", versions=True)]

    before = held()
    yield
    assert held() == before


@pytest.fixture(scope="module")
def upload(plain: House, guest: Guest) -> Iterator[str]:
    """An upload in parts that is under way, to send parts for."""
    target = f"/{guest.bucket}/{UNDER_WAY}?uploads="
    answer = send(plain, "POST", target, signed(plain, guest.key, "POST", target))
    upload = answer.body.partition(b"<UploadId>")[2].partition(b"</UploadId>")[0].decode()
    yield upload
    target = f"/{guest.bucket}/{UNDER_WAY}?uploadId={upload}"
    assert send(plain, "DELETE", target, signed(plain, guest.key, "DELETE", target)).status == 204


def forger(key: Key) -> Key:
    return Key(key.access, "not-the-secret-of-that-key")


def targets(guest: Guest, upload: str) -> dict[str, dict[str, str]]:
    """Paths and parameters of a whole object and of a part."""
    return {f"/{guest.bucket}/forged": {}, f"/{guest.bucket}/{UNDER_WAY}": {"partNumber": "1", "uploadId": upload}}


def with_query(path: str, query: dict[str, str]) -> str:
    return path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


@pytest.mark.parametrize("headers", STREAMS, ids=str)
def test_link_with_headers_of_another_protocol(either: House, guest: Guest, upload: str, headers: dict) -> None:
    """Whoever holds one link knows the access key; a true signature of a link doesn't make its stream signed."""
    harmless = headers == {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}  # which is what every link is signed for
    for path, query in targets(guest, upload).items():
        for body in (CHUNKED, BODY):
            for key in (forger(minio.UPLOADER), minio.UPLOADER, minio.ROOT):
                assert refused(send(either, "PUT", link(either, key, "PUT", path, query), headers, body))
            for key in (forger(guest.key),) if harmless else (forger(guest.key), guest.key):
                assert send(either, "PUT", link(either, key, "PUT", path, query), headers, body).status == 403


@pytest.mark.parametrize("sha256", ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "UNSIGNED-PAYLOAD", "", "streaming-unsigned"])
def test_authorization_that_is_forged(either: House, guest: Guest, upload: str, sha256: str) -> None:
    headers = {**ATTACK, "content-encoding": "aws-chunked"} if "STREAMING" in sha256 else {}
    for path, query in targets(guest, upload).items():
        target = with_query(path, query)
        for key in (forger(guest.key), forger(guest.reader), guest.reader, *map(forger, OTHERS), *OTHERS):
            sent = signed(either, key, "PUT", target, headers, sha256 or hashlib.sha256(CHUNKED).hexdigest())
            assert send(either, "PUT", target, sent, CHUNKED).status == 403


def test_trailer_without_authorization_or_with_one_that_is_none(either: House, guest: Guest) -> None:
    path = f"/{guest.bucket}/forged"
    true = signed(either, guest.key, "PUT", path, ATTACK, ATTACK["x-amz-content-sha256"])["Authorization"]
    wrong = [
        "",
        "x",
        "AWS4-HMAC-SHA256",
        true.partition(",")[0],
        f"AWS {guest.key.access}:x",
        "Bearer x",
        f"{true},x=y",
    ]
    for target in (path, link(either, forger(guest.key), "PUT", path)):
        assert send(either, "PUT", target, ATTACK, CHUNKED).of_edge
        for authorization in wrong:
            answer = send(either, "PUT", target, {**ATTACK, "Authorization": authorization}, CHUNKED)
            assert (answer.status, answer.of_edge) == (403, True), authorization


def test_true_authorization_takes_its_own_trailer_and_no_other_link(either: House, guest: Guest) -> None:
    """The control: what boto3 and awscli send does get through, and beside a forged link it does not."""
    path, stream = f"/{guest.bucket}/true", ATTACK["x-amz-content-sha256"]
    headers = {name: value for name, value in ATTACK.items() if name != "x-amz-content-sha256"}
    assert send(either, "PUT", path, signed(either, guest.key, "PUT", path, headers, stream), CHUNKED).status == 200
    assert send(either, "DELETE", path, signed(either, guest.key, "DELETE", path)).status == 204
    for forged in (link(either, forger(guest.key), "PUT", path), link(either, minio.ROOT, "PUT", path)):
        sent = signed(either, guest.key, "PUT", forged, headers, stream)
        assert refused(send(either, "PUT", forged, sent, CHUNKED))


def refused(answer: Answer) -> bool:
    return answer.status == 403 and answer.of_edge and b"<Code>AccessDenied</Code>" in answer.body


@pytest.mark.parametrize("value", ["true", "TRUE", "1", ""])
@pytest.mark.parametrize("name", ["x-amz-meta-snowball-auto-extract", "X-AMZ-META-SNOWBALL-AUTO-EXTRACT"])
def test_archive_to_unpack(either: House, guest: Guest, name: str, value: str) -> None:
    """Even truly signed: the server lets an archive in that carries the stream's header."""
    path = f"/{guest.bucket}/a.tar"
    for key in (guest.key, forger(guest.key)):
        for headers, sha256 in (({}, "UNSIGNED-PAYLOAD"), (ATTACK, ATTACK["x-amz-content-sha256"])):
            sent = signed(either, key, "PUT", path, {**headers, name: value}, sha256)
            assert refused(send(either, "PUT", path, sent, CHUNKED))
        assert refused(send(either, "PUT", link(either, key, "PUT", path), {name: value}, BODY))


def test_two_identities(either: House, guest: Guest) -> None:
    path = f"/{guest.bucket}/two"
    mine = signed(either, guest.key, "PUT", path, {}, "UNSIGNED-PAYLOAD")
    roots = signed(either, minio.ROOT, "PUT", path, {}, "UNSIGNED-PAYLOAD")
    rest = [(name, value) for name, value in roots.items() if name != "Authorization"]
    for pair in ((roots, mine), (mine, roots)):
        both = [*rest, *(("Authorization", one["Authorization"]) for one in pair)]
        assert refused(send(either, "PUT", path, both, BODY))
    for name in ("X-Amz-Credential", "X-Amz%2DCredential", "AWSAccessKeyId"):
        target = f"{path}?{name}={minio.ROOT.access}%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
        assert refused(
            send(either, "PUT", target, signed(either, guest.key, "PUT", target, {}, "UNSIGNED-PAYLOAD"), BODY)
        )
    doubled = link(either, minio.ROOT, "PUT", path) + "&" + link(either, guest.key, "PUT", path).partition("?")[2]
    assert refused(send(either, "PUT", doubled, {}, BODY))


def test_body_in_pieces_and_trailers_of_http(either: House, guest: Guest) -> None:
    path = f"/{guest.bucket}/pieces"
    for trailer in ([], [("Trailer", "x-amz-content-sha256")]):
        for key in (forger(guest.key), guest.key):
            headers = [("Transfer-Encoding", "chunked"), *trailer, *ATTACK.items()]
            assert refused(send(either, "PUT", link(either, key, "PUT", path), headers, IN_PIECES + b"\r\n"))


@pytest.mark.parametrize(
    "form", ["multipart/form-data; boundary=b", "Multipart/Form-Data;boundary=b", " multipart/form-data"]
)
def test_forms(either: House, guest: Guest, form: str) -> None:
    """A form's key is in its body, so that one of root's could come with an Authorization that looks like a guest's."""
    for target in (f"/{guest.bucket}", f"/{guest.bucket}/", f"/{guest.bucket}?delete="):
        assert refused(send(either, "POST", target, {"Content-Type": form}, b"--b--"))
        sent = signed(either, guest.key, "POST", target, {"Content-Type": form}, hashlib.sha256(b"--b--").hexdigest())
        assert refused(send(either, "POST", target, sent, b"--b--"))


def test_link_may_not_be_widened(either: House, guest: Guest) -> None:
    """What its holder adds is signed by nobody: no copy of another object, no other class, tag or name of a file."""
    path = f"/{guest.bucket}/widened"
    assert refused(send(either, "PUT", link(either, guest.key, "PUT", path), {"x-amz-copy-source": "/films/a"}))
    added = {"x-amz-storage-class": "REDUCED_REDUNDANCY", "x-amz-tagging": "a=b", "x-amz-meta-a": "b"}
    assert send(either, "PUT", link(either, guest.key, "PUT", path), added, BODY).status == 200
    got = send(either, "HEAD", path, signed(either, guest.key, "HEAD", path))
    assert not {"x-amz-storage-class", "x-amz-tagging-count", "x-amz-meta-a"} & got.headers.keys()
    assert send(either, "DELETE", path, signed(either, guest.key, "DELETE", path)).status == 204


def confused(mine: Key, victim: Key, method: str, path: str) -> list[str]:
    """Links of version 2 that are signed with one key and name another one: the server reads their query twice."""
    mine_says, _, rest = old_link(mine, method, path).partition("?")[2].partition("&")
    named = [
        f"AWSAccessKeyId={victim.access}&{mine_says}",
        f"AWSAccessKeyId={victim.access}&{mine_says.replace('=', '%3D')}",
    ]
    named += [
        f"{mine_says}&{rest}&AWSAccessKeyId={victim.access}",
        f"response-x=a&AWSAccessKeyId={victim.access}&{mine_says}",
    ]
    named += [
        f"AWSAccessKeyId={victim.access}&versionId=x%26{mine_says}",
        f"AWSAccessKeyId={victim.access};{mine_says}",
    ]
    return [f"{path}?{ids}&{rest}" for ids in named]


def test_link_that_names_two_keys(either: House, guest: Guest, neighbour: Guest) -> None:
    for victim, bucket in ((minio.ROOT, "originals"), (neighbour.key, neighbour.bucket), (minio.ROOT, guest.bucket)):
        for method in ("GET", "PUT", "DELETE"):
            for target in confused(guest.key, victim, method, f"/{bucket}/two"):
                assert refused(send(either, method, target, {}, BODY if method == "PUT" else b"")), target


@pytest.mark.parametrize("headers", [{}, *STREAMS], ids=str)
def test_link_of_version_2_that_is_forged(either: House, guest: Guest, headers: dict) -> None:
    path = f"/{guest.bucket}/forged"
    for key in (forger(guest.key), guest.reader, *map(forger, OTHERS), *OTHERS):
        assert send(either, "PUT", old_link(key, "PUT", path), headers, CHUNKED).status == 403
    for key in OTHERS:
        assert refused(send(either, "GET", old_link(key, "GET", path), headers))


def test_attacks_work_where_there_is_no_edge(plain: House, guest: Guest, storage: minio.Minio) -> None:
    """The proof that these tests try the true thing: the server alone takes what nobody signed, or another key did."""
    bare = replace(plain, port=storage.port)
    path = f"/{guest.bucket}/forged"
    two = confused(guest.key, minio.ROOT, "PUT", "/versions/two")[0]
    assert send(bare, "PUT", two, {}, BODY).status == 200
    assert send(bare, "DELETE", "/versions/two", signed(bare, minio.ROOT, "DELETE", "/versions/two")).status == 204
    assert send(bare, "PUT", link(bare, forger(guest.key), "PUT", path), ATTACK, CHUNKED).status == 200
    assert send(bare, "DELETE", path, signed(bare, guest.key, "DELETE", path)).status == 204
