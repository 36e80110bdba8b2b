"""Near full, other programs can read and delete but not write; who decides that, and by what."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ops import caddy
from ops.edge.s3 import FULL
from ops.services import Plan
from storage.keys import Key
from tests.others.conftest import Guest, House
from tests.others.raw import Answer, link, old_link, send, signed


def put(house: House, key: Key, path: str, body: bytes = b"more") -> Answer:
    return send(house, "PUT", path, signed(house, key, "PUT", path, sha256=hashlib.sha256(body).hexdigest()), body)


@pytest.fixture
def full(either: House) -> Iterator[Path]:
    path = either.folder / FULL
    yield path
    path.unlink(missing_ok=True)


def test_near_full_nothing_is_written_and_all_else_goes_on(either: House, guest: Guest, full: Path) -> None:
    path, more = f"/{guest.bucket}/kept", f"/{guest.bucket}/more"
    assert put(either, guest.key, path, b"kept").status == 200
    full.touch()
    refused = [put(either, guest.key, more), put(either, guest.key, f"{more}?partNumber=1&uploadId=x")]
    refused += [send(either, "PUT", sign(more), {}, b"more") for sign in signers(either, guest)]
    for answer in refused:
        assert (answer.status, answer.of_edge) == (507, True)
        assert b"<Code>XMinioStorageFull</Code>" in answer.body
    assert send(either, "GET", path, signed(either, guest.key, "GET", path)).body == b"kept"
    assert send(either, "DELETE", path, signed(either, guest.key, "DELETE", path)).status == 204
    assert send(either, "GET", "/", signed(either, guest.key, "GET", "/")).status == 200
    full.unlink()
    assert put(either, guest.key, more).status == 200
    assert send(either, "DELETE", more, signed(either, guest.key, "DELETE", more)).status == 204


def signers(house: House, guest: Guest):
    return (lambda path: link(house, guest.key, "PUT", path)), (lambda path: old_link(guest.key, "PUT", path))


@pytest.mark.parametrize(("free", "closed"), [(0.09, True), (0.1, False), (None, None)])
def test_the_fullest_drive_decides(tmp_path: Path, free: float | None, closed: bool | None) -> None:
    """Where nobody knows how full the drives are, it stays as it is."""
    plan = cast(Plan, SimpleNamespace(folder=SimpleNamespace(edge=tmp_path)))
    caddy.let_others_write(plan, 0.0, 10.0)
    assert not (tmp_path / "s3").exists(), "there is no listener"
    (tmp_path / "s3").mkdir()
    for before in (True, False):
        caddy.let_others_write(plan, 0.0 if before else 1.0, 10.0)
        caddy.let_others_write(plan, free, 10.0)
        assert (tmp_path / "s3" / FULL).exists() is (before if closed is None else closed)
