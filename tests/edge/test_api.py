"""The way to the API: what it is told, what is streamed, and what is said when it is down."""

from dataclasses import replace

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from storage.links import Links, UploadForms
from tests.appliance.client import wait_for
from tests.daemons import caddy, minio, valkey
from tests.daemons.process import Daemon, free_port
from tests.edge.conftest import ORIGIN
from tests.edge.places import new_original, new_version, send

SECRET = "a-ticket-that-no-log-may-hold"


def seen(answer: httpx.Response) -> dict[str, str]:
    """The headers the API got."""
    return dict(answer.json()["headers"])


@pytest.mark.parametrize("path", ["/images/", "/projects/1/images?state=done", "/login", "/originals-not", "/webs"])
def test_all_else_is_the_apis(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json={"a": 1}, headers={"Authorization": "Bearer x"})
    assert answer.json()["path"] == path.partition("?")[0]
    assert seen(answer)["authorization"] == "Bearer x"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_address_of_a_client_is_the_edges_word(client: httpx.Client) -> None:
    spoofed = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X-Forwarded-Host": "e",
    }
    got = seen(client.get("/echo", headers={**spoofed, "X-Forwarded-Proto": "https"}))
    assert got["x-forwarded-for"] == "127.0.0.1"
    assert got["x-forwarded-proto"] == "http"
    assert "6.6.6.6" not in str(got)
    assert got["x-forwarded-host"] != "e"


def test_name_the_client_called_is_passed_on(client: httpx.Client) -> None:
    assert seen(client.get("/echo", headers={"Host": "photos.lan"}))["host"] == "photos.lan"


def test_request_over_the_limit_is_refused(client: httpx.Client) -> None:
    answer = client.post("/images/", content=b"x" * 1_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert client.post("/images/", content=b"x" * 1_000_000).json()["size"] == 1_000_000


def test_events_are_passed_on_as_they_come(client: httpx.Client) -> None:
    with client.stream("GET", "/stream") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "data: 0"  # no other is sent until it has been seen here
        assert client.get("/stream/go-on").status_code == 200
        assert [line for line in lines if line] == ["data: 1", "data: 2"]


def test_websocket_passes(edge: caddy.Caddy) -> None:
    with connect(
        f"{edge.url.replace('http', 'ws')}/projects/1/events?ticket={SECRET}", origin=Origin(ORIGIN)
    ) as socket:
        socket.send("hello")
        assert socket.recv() == "echo hello"


@pytest.fixture
def lonely(settings: caddy.Edge, tmp_path_factory: pytest.TempPathFactory) -> caddy.Edge:
    """An edge with nothing behind it, on a port of its own."""
    folder = tmp_path_factory.mktemp("lonely")
    port, nobody = free_port(), f"127.0.0.1:{free_port()}"
    urls = [f"http://127.0.0.1:{port}"]
    return replace(settings, port=port, urls=urls, apis=[nobody], storages=[nobody], patience=1, data=folder / "data")


def test_parts_that_are_down_are_reported_as_a_problem_and_no_link_is_logged(
    lonely: caddy.Edge, links: Links, forms: UploadForms
) -> None:
    edge = caddy.start(lonely.data.parent, lonely)
    try:
        link = links.link("versions", new_version())
        with httpx.Client(base_url=edge.url, timeout=20, headers={"Origin": ORIGIN}) as client:
            asked = [client.get(link), client.get(f"/images/?ticket={SECRET}", headers={"Authorization": SECRET})]
            asked.append(send(client, forms.form(new_original(), 1000, 900)))
        for answer in asked:
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.json()["code"] == "unavailable"
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["access-control-allow-origin"] == ORIGIN
        # An answer is logged once it has been sent.
        wait_for(lambda: edge.daemon.log.read_text().count('"status": 503') >= len(asked))
        log = edge.daemon.log.read_text()
        assert log.count('"status": 503') == len(asked)
        assert SECRET not in log
        assert "X-Amz-Signature" not in log
    finally:
        edge.daemon.stop()


def test_request_waits_for_a_server_that_is_being_restarted(lonely: caddy.Edge, api: Daemon) -> None:
    lonely = replace(lonely, patience=30)
    port = lonely.apis[0].rpartition(":")[2]
    late = Daemon([*api.argv[:-1], port], api.env, lonely.data.parent / "late.log", lambda: True)
    edge = caddy.start(lonely.data.parent, lonely)
    try:
        late.start()
        with httpx.Client(base_url=edge.url, timeout=60) as client:
            assert client.post("/images/", json={}).status_code == 200
    finally:
        late.stop()
        edge.daemon.stop()


def test_storage_that_is_down_and_up_again(settings: caddy.Edge, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("down")
    queue = valkey.start(folder / "valkey")
    server = minio.start(folder / "minio", queue)
    port = free_port()
    mine = replace(
        settings,
        port=port,
        urls=[f"http://127.0.0.1:{port}"],
        storages=[f"127.0.0.1:{server.port}"],
        patience=1,
        data=folder / "edge" / "data",
    )
    edge = caddy.start(folder / "edge", mine)
    try:
        key = new_version()
        server.objects().put("versions", key, b"v", "image/jpeg")
        link = edge.url + Links(*minio.READER).link("versions", key)
        assert httpx.get(link).content == b"v"
        server.daemon.kill()
        assert httpx.get(link, timeout=20).status_code == 503
        server.daemon.start()
        # One that has just started may refuse what it has not read the keys for.
        wait_for(lambda: httpx.get(link, timeout=20).content == b"v")
    finally:
        edge.daemon.stop()
        server.daemon.stop()
        queue.daemon.stop()
