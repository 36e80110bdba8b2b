"""Other ways to be reached: TLS with an own authority or a given certificate, low ports, parts from elsewhere."""

import pwd
import shutil
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ops.setup import account
from tests.appliance import pictures
from tests.daemons import valkey
from tests.ops import processes
from tests.stack import Stack

NAME = "photos.lan"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Stack]:
    """A second appliance, for a test to start in its own way."""
    made = Stack(XDG_STATE_HOME=str(tmp_path / "state"))
    yield made
    made.close()


def certificate_of(stack: Stack, authority: Path) -> dict[str, Any]:
    """The certificate that the edge shows to who asks for NAME, trusted by `authority` alone; /readyz answers there."""
    context = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection(("127.0.0.1", stack.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as secure,
    ):
        secure.sendall(f"GET /readyz HTTP/1.1\r\nHost: {NAME}:{stack.port}\r\nConnection: close\r\n\r\n".encode())
        assert secure.recv(4096).startswith(b"HTTP/1.1 200 ")
        return dict(secure.getpeercert() or {})


@pytest.mark.parametrize("again", [False, pytest.param(True, marks=pytest.mark.long)])
def test_tls_by_its_own_authority_then_by_a_given_certificate(other, tmp_path, again):
    url = f"https://{NAME}:{other.port}"
    said = other.up("--url", url, "--url", f"https://localhost:{other.port}")
    assert f"{url}/#login=" in said
    assert "all addresses" in said
    report = other.status()
    assert report["url"] == url
    assert ("tcp6", "::", other.port) in processes.sockets(processes.tree(report["supervisor"]))
    authority = other.data / "edge" / "caddy" / "pki" / "authorities" / "local"
    first = certificate_of(other, authority / "root.crt")
    assert ("DNS", NAME) in first["subjectAltName"]
    other.down()

    # Any certificate will do: the one just made, given as files that root alone can read.
    made = other.data / "edge" / "caddy" / "certificates" / "local" / NAME
    for name in (f"{NAME}.crt", f"{NAME}.key"):
        shutil.copy(made / name, tmp_path / name)
        (tmp_path / name).chmod(0o600)
    root = shutil.copy(authority / "root.crt", tmp_path)
    shutil.copy(authority / "root.key", tmp_path / "strange.key")
    shutil.rmtree(other.data / "edge" / "caddy")
    other.up("--cert", str(tmp_path / f"{NAME}.crt"), "--key", str(tmp_path / f"{NAME}.key"))
    assert certificate_of(other, Path(root))["serialNumber"] == first["serialNumber"]
    for name in ("certificate.pem", "key.pem"):
        assert (other.data / "edge" / "tls" / name).stat().st_mode & 0o077 == 0
    other.down()

    # A key that belongs to another certificate, and what is none at all: refused, and the good pair stays.
    (tmp_path / "none.pem").write_text("-----BEGIN nothing")
    for pair in ((f"{NAME}.crt", "strange.key"), ("none.pem", "none.pem")):
        refused = other.verb("up", "--detach", f"--cert={tmp_path / pair[0]}", f"--key={tmp_path / pair[1]}")
        assert refused.returncode == 1
        assert "--cert and --key can't be used" in refused.stderr
    if again:
        other.up("--cert", "", "--key", "")
        assert certificate_of(other, authority / "root.crt")["serialNumber"] != first["serialNumber"], "its own again"


@pytest.mark.long
def test_photos_come_in_by_a_name_that_this_machine_does_not_know(other, tmp_path):
    other.up("--url", f"https://{NAME}:{other.port}")
    (tmp_path / "photo.jpg").write_bytes(pictures.jpeg(300, 200))
    sent = other.verb("upload", "--project", "111", str(tmp_path))
    assert sent.stdout == "1 done, 0 failed\n", sent.stderr


def test_wrong_addresses_are_refused_before_anything_starts(other):
    for arguments in (("--url", "photos.lan"), ("--url", "https://a.lan", "--url", "http://b.lan")):
        refused = other.verb("up", "--detach", *arguments)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
    assert other.verb("up", "--cert", "/no/such/file").returncode != 0
    pointless = other.verb("up", "--detach", "--cert", "/dev/null", "--key", "/dev/null")
    assert "--url https://" in pointless.stderr
    assert other.verb("status").returncode == 3


@pytest.mark.long
@pytest.mark.root
def test_root_may_give_the_edge_a_low_port(other):
    other.port = next(port for port in range(900, 1024) if not _taken(port))
    other.url = f"http://127.0.0.1:{other.port}"
    other.up()
    edge = psutil.Process(other.parts()["edge"]["pid"])
    assert edge.uids().real == pwd.getpwnam(account.NAME).pw_uid
    with urllib.request.urlopen(f"{other.url}/readyz", timeout=20) as answer:
        assert answer.status == 200
    effective = {
        name: Path(f"/proc/{part['pid']}/status").read_text().split("CapEff:\t")[1][:16]
        for name, part in other.parts().items()
        if part["pid"]
    }
    assert int(effective.pop("edge"), 16) == 1 << 10
    assert set(effective.values()) == {"0" * 16}


def _taken(port: int) -> bool:
    return any(one.laddr.port == port for one in psutil.net_connections("inet") if one.laddr)


@pytest.mark.long
def test_a_queue_from_elsewhere_is_used_and_none_is_started(tmp_path):
    theirs = valkey.start(tmp_path)
    mixed = Stack(DARKROOM_VALKEY_URL=f"redis://:{theirs.password}@127.0.0.1:{theirs.port}/0")
    try:
        mixed.up()
        parts = mixed.wait_well()
        assert "valkey" not in parts
        assert not (mixed.data / "valkey" / "valkey.conf").exists()
        assert mixed.verb("open").stdout.startswith(f"{mixed.url}/#login=")
    finally:
        mixed.close()
        theirs.daemon.stop()
