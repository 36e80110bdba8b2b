"""Ranges at their edges and sizes that lie: an answer of the right bytes or a refusal, and nothing stored."""

import socket
from contextlib import closing
from uuid import uuid4

import httpx
import pytest

from storage.layout import ORIGINALS
from storage.links import Links, UploadForms
from tests.daemons import caddy, minio
from tests.edge.places import new_original, upload

DATA = b"0123456789"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-0", 206, b"0"),
        ("bytes=9-", 206, b"9"),
        ("bytes=9-9999", 206, b"9"),
        ("bytes=-1", 206, b"9"),
        ("bytes=-10", 206, DATA),
        ("bytes=-11", 206, DATA),
        ("bytes=0-9223372036854775807", 206, DATA),
        ("bytes=10-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=5-2", 416, None),
        # What is no range is ignored, as RFC 9110, 14.2 allows.
        ("bytes=0-18446744073709551615", 200, DATA),
        ("bytes=18446744073709551616-", 200, DATA),
        ("bytes=a-b", 200, DATA),
        ("bytes=0-1,3-4", 200, DATA),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(500)), 200, DATA),
        ("lines=0-1", 200, DATA),
    ],
)
def test_range_at_its_edges(
    client: httpx.Client, links: Links, stored: tuple[str, str], asked: str, status: int, content: bytes | None
) -> None:
    answer = client.get(links.link(ORIGINALS, *stored), headers={"Range": asked})
    assert answer.status_code == status
    assert content is None or answer.content == content


@pytest.mark.parametrize("most", [0, -1])
def test_form_without_a_largest_size_is_never_made(forms: UploadForms, most: int) -> None:
    with pytest.raises(ValueError, match="no limit"):
        forms.form(new_original(), most, 900)


@pytest.mark.parametrize("lost", [30, 500, 1100])
@pytest.mark.parametrize("honest", [True, False], ids=["says all", "says what it sends"])
def test_form_that_ends_in_the_middle_stores_nothing(
    edge: caddy.Caddy, forms: UploadForms, storage: minio.Minio, lost: int, honest: bool
) -> None:
    """A client that goes before all was sent, or that says less than there is."""
    form = forms.form(new_original(), 300_000, 900)
    body = _body(form.params)
    said = len(body) if honest else len(body) - lost
    head = f"POST {form.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with closing(socket.create_connection(("127.0.0.1", edge.edge.port), timeout=10)) as wire:
        wire.sendall(f"{head}Content-Length: {said}\r\n\r\n".encode() + body[:-lost])
        wire.shutdown(socket.SHUT_WR)
        answer = wire.recv(4096)
    assert b" 201 " not in answer.split(b"\r\n")[0]
    assert storage.objects().head(ORIGINALS, form.params["key"]) is None


def _body(params: dict[str, str]) -> bytes:
    fields = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in params.items())
    file = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{uuid4()}"\r\n\r\n'
    return (fields + file).encode() + DATA * 100 + b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def stored(edge: caddy.Caddy, forms: UploadForms) -> tuple[str, str]:
    with httpx.Client(base_url=edge.url, timeout=20) as client:
        return upload(client, forms, DATA)
