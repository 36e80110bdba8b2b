"""boto3, awscli, rclone and s3cmd with a bucket and a key of their own: upload, parts, list, links, delete."""

import os
from pathlib import Path

import httpx
import pytest

from tests.others.clients import ALL, PART, Client
from tests.others.conftest import Guest, House


@pytest.fixture(params=ALL, ids=lambda kind: kind.__name__.lower())
def kind(request: pytest.FixtureRequest) -> type[Client]:
    found: type[Client] = request.param
    return found


def left_after_all_of_it(client: Client, folder: Path) -> list[str]:
    """Uploads, lists, reads and deletes, and fails where one of them does not do it; the names that are left."""
    small, large = folder / "small.txt", folder / "large.bin"
    small.write_bytes(b"small\n")
    large.write_bytes(os.urandom(2 * PART + 12345))
    prefix = f"{type(client).__name__}/"
    client.put(small, prefix + "small.txt")
    client.put(large, prefix + "large.bin")
    assert sorted(client.names(prefix)) == [prefix + "large.bin", prefix + "small.txt"]
    assert client.get(prefix + "large.bin") == large.read_bytes()
    reached = httpx.get(client.link(prefix + "small.txt"), verify=client.house.trust or True)
    assert (reached.status_code, reached.content) == (200, b"small\n")
    for name in ("small.txt", "large.bin"):
        client.delete(prefix + name)
    return client.names(prefix)


def test_over_tls(kind: type[Client], secure: House, guest: Guest, tmp_path: Path) -> None:
    assert not left_after_all_of_it(kind(secure, guest.bucket, guest.key, tmp_path), tmp_path)


@pytest.mark.long
def test_without_tls(kind: type[Client], plain: House, guest: Guest, tmp_path: Path) -> None:
    assert not left_after_all_of_it(kind(plain, guest.bucket, guest.key, tmp_path), tmp_path)
