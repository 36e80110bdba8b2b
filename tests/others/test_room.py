"""Near full, other programs can read and delete but not write; who decides that, and by what."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.care import report
from ops import room
from ops.edge.s3 import FULL
from ops.folder import DataFolder
from storage.keys import Key
from tests.appliance.client import wait_for
from tests.daemons import valkey
from tests.daemons.process import Daemon
from tests.others.conftest import Guest, House
from tests.others.raw import Answer, link, old_link, send, signed
from tests.stack import CHECKOUT


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


def test_on_a_host_it_is_a_part_of_its_own(tmp_path: Path) -> None:
    """It goes by what the caretaker of another host has told, through Valkey."""
    folder = DataFolder(tmp_path / "data")
    folder.make()
    queue = valkey.start(tmp_path / "valkey")
    told = queue.client()

    def tell(free: int) -> None:
        told.set(report.KEY, json.dumps({"fullest": {"free": free, "total": 100}}))

    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CHECKOUT),
        "DARKROOM_DATA": str(folder.path),
        "DARKROOM_HOST": "edge1",
        "DARKROOM_VALKEY_URL": f"redis://:{queue.password}@127.0.0.1:{queue.port}/0",
        "DARKROOM_S3_FREE_PERCENT": "20",
    }
    tell(19)
    full = folder.edge_s3 / FULL
    part = Daemon([sys.executable, "-m", "ops.room"], own, tmp_path / "room.log", full.exists)
    try:
        part.start()
        wait_for(lambda: told.exists("darkroom:health:room@edge1"), 10)
        tell(21)
        wait_for(lambda: not full.exists(), 30)
    finally:
        part.stop()
        queue.daemon.stop()


@pytest.mark.parametrize(("free", "closed"), [(0.09, True), (0.1, False), (None, None)])
def test_the_fullest_drive_decides(tmp_path: Path, free: float | None, closed: bool | None) -> None:
    """Where nobody knows how full the drives are, it stays as it is."""
    folder = DataFolder(tmp_path)
    folder.make()
    room.let_others_write(folder, 0.0, 10.0)
    assert not folder.edge_s3.exists(), "there is no listener"
    folder.edge_s3.mkdir()
    for before in (True, False):
        room.let_others_write(folder, 0.0 if before else 1.0, 10.0)
        room.let_others_write(folder, free, 10.0)
        assert (folder.edge_s3 / FULL).exists() is (before if closed is None else closed)
