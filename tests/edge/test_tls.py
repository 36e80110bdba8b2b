"""https under several names, with the edge's own CA and with a certificate that was given; and what listens."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from storage.links import Links, UploadForms
from tests.daemons import caddy, minio
from tests.daemons.process import free_port
from tests.edge.places import new_original, new_version

NAMES = ("photos.lan", "photos.example")


@pytest.fixture(scope="module")
def secure(settings: caddy.Edge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[caddy.Caddy]:
    folder = tmp_path_factory.mktemp("a folder with spaces") / "edge"
    port = free_port()
    urls = [f"https://{name}:{port}" for name in NAMES]
    server = caddy.start(folder, replace(settings, port=port, urls=urls, data=folder / "data"))
    yield server
    server.daemon.stop()


def call(port: int, name: str, authority: Path, path: str) -> httpx.Response:
    """A GET to 127.0.0.1 as if it were called `name`, whose certificate must be of `authority`."""
    trust = ssl.create_default_context(cafile=str(authority))
    with httpx.Client(verify=trust, timeout=10) as client:
        headers, extensions = {"Host": f"{name}:{port}"}, {"sni_hostname": name}
        return client.get(f"https://127.0.0.1:{port}{path}", headers=headers, extensions=extensions)


def test_one_link_is_good_under_all_names(secure: caddy.Caddy, storage: minio.Minio, links: Links) -> None:
    key = new_version()
    storage.objects().put("versions", key, b"v", "image/jpeg")
    authority = secure.edge.data / "pki/authorities/local/root.crt"
    for name in NAMES:
        answer = call(secure.edge.port, name, authority, links.link("versions", key))
        assert (answer.status_code, answer.content) == (200, b"v")
        assert "strict-transport-security" not in answer.headers
    assert call(secure.edge.port, "127.0.0.1", authority, "/echo").status_code == 200


def test_api_knows_that_it_was_https(secure: caddy.Caddy) -> None:
    authority = secure.edge.data / "pki/authorities/local/root.crt"
    got = dict(call(secure.edge.port, NAMES[0], authority, "/echo").json()["headers"])
    assert got["x-forwarded-proto"] == "https"
    assert got["host"] == f"{NAMES[0]}:{secure.edge.port}"


def test_page_may_open_websockets_under_all_names(secure: caddy.Caddy) -> None:
    authority = secure.edge.data / "pki/authorities/local/root.crt"
    policy = call(secure.edge.port, NAMES[0], authority, "/").headers["content-security-policy"]
    assert all(f"wss://{name}:{secure.edge.port}" in policy for name in NAMES)


@pytest.mark.parametrize("name", ["evil.example", "192.168.1.5", "storage.internal", "localhost"])
def test_name_that_is_not_its_own_is_told_so(
    secure: caddy.Caddy, storage: minio.Minio, forms: UploadForms, name: str
) -> None:
    """Not with an empty 200, which an uploader would take for success."""
    authority = secure.edge.data / "pki/authorities/local/root.crt"
    trust = ssl.create_default_context(cafile=str(authority))
    form = forms.form(new_original(), 1000, 900)
    host = {"Host": f"{name}:{secure.edge.port}"}
    with httpx.Client(
        verify=trust, timeout=10, base_url=f"https://127.0.0.1:{secure.edge.port}", headers=host
    ) as client:
        named = {"sni_hostname": NAMES[0]}
        for answer in (
            client.get("/", extensions=named),
            client.post(form.path, data=form.params, files={"file": b"x"}, extensions=named),
        ):
            assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")
            assert answer.json()["code"] == "unknown_name"
            assert secure.edge.urls[0] in answer.json()["detail"]
    assert storage.objects().head("originals", form.params["key"]) is None


def test_certificate_that_was_given(secure: caddy.Caddy, settings: caddy.Edge, tmp_path: Path) -> None:
    made = secure.edge.data / "certificates/local" / NAMES[0]
    pair = (made / f"{NAMES[0]}.crt", made / f"{NAMES[0]}.key")
    port = free_port()
    urls = [f"https://{NAMES[0]}:{port}"]
    mine = replace(settings, port=port, urls=urls, certificate=pair, data=tmp_path / "data")
    server = caddy.start(tmp_path, mine)
    try:
        answer = call(port, NAMES[0], secure.edge.data / "pki/authorities/local/root.crt", "/echo")
        assert answer.status_code == 200
        assert not (tmp_path / "data/certificates").exists()
        assert listeners(server) == {("tcp", "127.0.0.1", port)}
    finally:
        server.daemon.stop()


def listeners(server: caddy.Caddy) -> set[tuple[str, str, int]]:
    found = psutil.Process(server.daemon.pid).net_connections("inet")
    kinds = {1: "tcp", 2: "udp"}
    return {(kinds[c.type], c.laddr.ip, c.laddr.port) for c in found if c.status in ("LISTEN", "NONE")}


def test_edge_listens_on_one_port_alone(secure: caddy.Caddy, edge: caddy.Caddy) -> None:
    assert listeners(secure) == {("tcp", "127.0.0.1", secure.edge.port)}
    assert listeners(edge) == {("tcp", "127.0.0.1", edge.edge.port)}


def test_all_it_writes_is_in_its_folder_and_its_ca_is_not_trusted_by_this_machine(secure: caddy.Caddy) -> None:
    root = (secure.edge.data / "pki/authorities/local/root.crt").read_text()
    assert (secure.edge.data / "pki/authorities/local/root.key").stat().st_mode & 0o077 == 0
    trusted = Path("/usr/local/share/ca-certificates")
    assert all(root not in path.read_text() for path in trusted.glob("*.crt"))
