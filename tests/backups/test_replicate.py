"""./ops/replicate on a whole appliance, and what is left of it when its site is gone."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from minio import Minio as Client

from tests.appliance.client import Project
from tests.backups.test_backup import bytes_of, fill, renewed
from tests.daemons import minio
from tests.faults.uploads import photo
from tests.stack import Stack

pytestmark = pytest.mark.long


@pytest.fixture
def other(tmp_path: Path) -> Iterator[minio.Minio]:
    made = minio.start(tmp_path / "other", set_up=False)
    yield made
    made.daemon.stop()


@pytest.fixture
def own() -> Iterator[Stack]:
    stack = Stack(DARKROOM_REPLICA_ROOT=":".join(minio.ROOT), DARKROOM_REPLICA_KEY=":".join(minio.ROOT))
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


def until_it_lacks_nothing(stack: Stack) -> dict[str, dict[str, int]]:
    limit = time.monotonic() + 120
    while True:
        asked = stack.verb("replicate", "--status", "--compare", "--json")
        if asked.returncode == 0:
            told = json.loads(asked.stdout)
            return {name: one["compared"] for name, one in told["buckets"].items()}
        assert time.monotonic() < limit, asked.stdout + asked.stderr
        time.sleep(0.5)


def test_everything_is_there_when_the_first_site_is_gone(own: Stack, other: minio.Minio) -> None:
    assert own.verb("replicate", "--status").returncode == 1
    key = own._environment.pop("DARKROOM_REPLICA_KEY")
    own._environment.pop("DARKROOM_REPLICA_ROOT")
    refused = own.verb("replicate", "--to", other.url)
    assert (refused.returncode, "DARKROOM_REPLICA_ROOT" in refused.stderr) == (2, True)
    own._environment["DARKROOM_REPLICA_ROOT"] = key
    project = Project(own)
    fill(project)
    begun = own.verb("replicate", "--to", other.url)
    assert begun.returncode == 0, begun.stderr
    again = own.verb("replicate", "--to", "http://127.0.0.1:1")
    assert (again.returncode, "already" in again.stderr) == (2, True)
    later = project.upload(photo(f"{project.id} later"))
    project.ended(later)
    sides = until_it_lacks_nothing(own)
    assert sides["originals"]["both"] >= 13
    verified = own.verb("verify", "--deep", "--json", "--grace", "0")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    gone = project.upload(photo(f"{project.id} gone"))
    project.ended(gone)
    project.api.delete(f"/images/{gone}")
    there = Client(f"127.0.0.1:{other.port}", *minio.ROOT, secure=False)
    limit = time.monotonic() + 60
    while any(gone in str(one.object_name) for one in there.list_objects("originals", recursive=True)):
        assert time.monotonic() < limit
        time.sleep(0.5)
    store = own.folder / "store"
    assert own.verb("backup", "--to", str(store)).returncode == 0
    until_it_lacks_nothing(own)
    before = bytes_of(project)
    own.down()
    shutil.rmtree(own.data)
    shutil.rmtree(store / "objects")  # of the backup the ledger is enough

    own._environment["DARKROOM_REPLICA_KEY"] = key
    restored = own.verb("restore", "--from", str(store), "--objects", other.url)
    assert restored.returncode == 0, restored.stderr
    own.up()
    assert bytes_of(renewed(project)) == before
    assert own.verb("verify", "--deep", "--grace", "0").returncode == 0


def test_it_can_be_ended(own: Stack, other: minio.Minio) -> None:
    assert own.verb("replicate", "--to", other.url).returncode == 2, "its buckets are not there, and a key was given"
    own._environment.pop("DARKROOM_REPLICA_KEY")
    assert own.verb("replicate", "--to", other.url).returncode == 0
    assert own.verb("replicate", "--remove").returncode == 2
    removed = own.verb("replicate", "--remove", "--yes")
    assert (removed.returncode, removed.stdout) == (0, "Nothing more goes there.\n")
    assert own.verb("replicate", "--remove", "--yes").stdout == "It went nowhere.\n"
    assert own.verb("replicate", "--status").stdout.startswith("Nothing goes to a second site")
    assert "ReplicateObject" in own.verb("replicate", "--policy").stdout
