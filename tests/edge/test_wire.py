"""Other ways to write a request: older and newer protocols, whole addresses, bodies in pieces, borrowed names."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from storage.links import Links
from tests.daemons import caddy, minio
from tests.daemons.process import free_port
from tests.edge.places import new_original, new_version
from tests.edge.test_attacks import ATTACK, CHUNKED, FORGER, UPLOADER, signed

HEADERS = "".join(f"{name}: {value}\r\n" for name, value in ATTACK.items())
IN_PIECES = b"%x\r\n%s\r\n0\r\n" % (len(CHUNKED), CHUNKED)


def wire(edge: caddy.Caddy, line: str, headers: str = "", body: bytes = b"") -> tuple[int, bytes]:
    """Sends a request as it is written here; the status and the body of the answer."""
    host = "" if "Host:" in headers else f"Host: 127.0.0.1:{edge.edge.port}\r\n"
    with socket.create_connection(("127.0.0.1", edge.edge.port), 10) as link:
        link.sendall(f"{line}\r\n{host}Connection: close\r\n{headers}\r\n".encode() + body)
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), content


def part(signer: object = FORGER) -> str:
    return signed(signer, "PUT", f"/originals/{new_original()}", {"partNumber": "1", "uploadId": "x"})  # type: ignore[arg-type]


@pytest.fixture
def stored(storage: minio.Minio) -> Iterator[str]:
    key = new_version()
    storage.objects().put("versions", key, b"a version", "image/jpeg")
    yield key
    storage.objects().purge("versions", key)


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("before", ["", "http://127.0.0.1", "http://storage.internal", "http://evil.example"])
def test_whole_addresses_and_old_protocols_change_nothing(
    edge: caddy.Caddy, links: Links, stored: str, protocol: str, before: str
) -> None:
    link = links.link("versions", stored)
    assert wire(edge, f"GET {before}{link} {protocol}") == (200, b"a version")
    assert wire(edge, f"GET {before}{link[:-1]}{'0' if link[-1] != '0' else '1'} {protocol}")[0] == 403
    assert wire(edge, f"GET {before}/minio/health/live {protocol}")[0] == 404
    assert wire(edge, f"GET {before}//minio/health/live {protocol}")[0] == 404
    length = f"Content-Length: {len(CHUNKED)}\r\n"
    for target in (part(), signed(UPLOADER, "PUT", f"/originals/{new_original()}")):
        assert wire(edge, f"PUT {before}{target} {protocol}", HEADERS + length, CHUNKED)[0] == 403


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (HEADERS + "Transfer-Encoding: chunked\r\n", IN_PIECES + b"\r\n", 403),
        ("Transfer-Encoding: chunked\r\n", IN_PIECES + b"\r\n", 411),
        ("Transfer-Encoding: chunked\r\nContent-Length: 10\r\n", IN_PIECES + b"\r\n", 411),
        (
            "Transfer-Encoding: chunked\r\nTrailer: x-amz-content-sha256\r\n",
            IN_PIECES + b"x-amz-content-sha256: " + ATTACK["x-amz-content-sha256"].encode() + b"\r\n\r\n",
            411,
        ),
        ("Transfer-Encoding: xchunked\r\n", IN_PIECES, 501),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", b"123456", 400),
        ("Content-Length: 99999999999999999999\r\n", b"", 400),
        ("Content-Length: 9223372036854775807\r\n", b"", 413),
        ("Content-Length: -1\r\n", b"", 400),
        ("x-amz-content-sha256 : a\r\nContent-Length: 5\r\n", b"12345", 400),
        ("x-amz-content-sha256:\r\nContent-Length: 5\r\n", b"12345", 403),
    ],
)
def test_part_with_a_body_of_doubtful_length(edge: caddy.Caddy, headers: str, body: bytes, status: int) -> None:
    assert wire(edge, f"PUT {part()} HTTP/1.1", headers, body)[0] == status


@pytest.mark.parametrize("host", ["a\r\nHost: b", "a/b", "a b"])
def test_doubtful_hosts(edge: caddy.Caddy, host: str) -> None:
    assert wire(edge, "GET /echo HTTP/1.1", f"Host: {host}\r\n")[0] == 400


def test_header_of_the_edge_cant_be_taken_away(edge: caddy.Caddy) -> None:
    """What `Connection` names is dropped by a proxy; not what it adds itself."""
    stripped = "Connection: X-Forwarded-For, X-Forwarded-Proto\r\nX-Forwarded-For: 6.6.6.6\r\n"
    status, body = wire(edge, "GET /echo HTTP/1.0", stripped)
    assert status == 200
    got = dict(json.loads(body)["headers"])
    assert (got["x-forwarded-for"], got["x-forwarded-proto"]) == ("127.0.0.1", "http")


@pytest.mark.parametrize("target", ["/echo", "127.0.0.1:9000", "/images/"])
@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_no_tunnel_and_no_echo(edge: caddy.Caddy, method: str, target: str) -> None:
    status, body = wire(edge, f"{method} {target} HTTP/1.1", "Authorization: Bearer secret\r\n")
    assert status in (400, 405)
    assert b"secret" not in body


CURL = shutil.which("curl") or "curl"


def curl(edge: caddy.Caddy, target: str, arguments: Sequence[str] = (), body: bytes = b"") -> tuple[str, int]:
    """Asks by HTTP/2: over TLS, or without where the edge has none. The protocol spoken, and the status."""
    host, port = edge.url.partition("://")[2].rsplit(":", 1)
    way = ["--http2"] if edge.url.startswith("https") else ["--http2-prior-knowledge"]
    asked = ["--path-as-is", "--max-time", "10", "--resolve", f"{host}:{port}:127.0.0.1", f"{edge.url}{target}"]
    said = ["-sk", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"]
    done = subprocess.run([CURL, *said, *way, *asked, *arguments], input=body, capture_output=True, timeout=20)
    protocol, status = done.stdout.decode().split()
    return protocol, int(status)


@pytest.fixture(scope="module", params=["http", "https"])
def either(
    request: pytest.FixtureRequest, settings: caddy.Edge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[caddy.Caddy]:
    folder, port = tmp_path_factory.mktemp("wire"), free_port()
    urls = [f"{request.param}://photos.lan:{port}"]
    server = caddy.start(folder, replace(settings, port=port, urls=urls, data=folder / "data"))
    yield server
    server.daemon.stop()


def test_http2_lets_in_what_http1_does_and_no_more(either: caddy.Caddy, links: Links, stored: str) -> None:
    assert curl(either, links.link("versions", stored)) == ("2", 200)
    assert curl(either, "/minio/health/live") == ("2", 404)
    assert curl(either, "//minio/health/live") == ("2", 404)
    assert curl(either, "/originals/..%2fminio/health/live")[1] in (403, 404)
    attack = [word for name, value in ATTACK.items() for word in ("-H", f"{name}: {value}")]
    put, post = ["-X", "PUT", "--data-binary", "@-"], ["-X", "POST", "-T", "-"]
    form = [*post, "-H", "Content-Type: multipart/form-data; boundary=b"]
    for target in (part(), signed(UPLOADER, "PUT", f"/originals/{new_original()}")):
        assert curl(either, target, [*put, *attack], CHUNKED)[1] in refused(403)
    assert curl(either, part(), ["-T", "-"], CHUNKED)[1] in refused(411)
    assert curl(either, "/originals", form, b"x")[1] in refused(411)
    assert curl(either, "/images/", post, b"x" * 1_000_001)[1] in refused(413)


def refused(status: int) -> tuple[int, int]:
    """The status that a refusal has, or none: curl may lose an answer that comes before all was sent."""
    return status, 0
