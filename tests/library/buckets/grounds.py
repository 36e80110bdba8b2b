"""A library's place as a test sees it: a folder or a bucket, with what somebody puts there and finds there."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

from appliance.library.buckets.keeping import BucketKeeping
from appliance.library.folders import FolderKeeping
from appliance.library.keeping import Keeping, Opened, Taken, Wish
from appliance.library.originals.hindrances import NotDone
from appliance.library.originals.scratch import Scratch
from appliance.library.outcomes import Found
from appliance.library.workflow import Workflow, read
from storage.buckets import Bucket
from storage.endpoint import Endpoint
from storage.keys import Key
from tests.daemons.minio import Minio

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = NOW + timedelta(days=14)
OLD, NEW, OTHER = b"the original " * 9000, b"made anew " * 5000, b"somebody else's " * 100


def workflow(source: dict[str, Any], **limits: Any) -> Workflow:
    made = {"name": "Films", "source": source, "target": {"codec": "h265"}, "limits": {"least_free": "0"} | limits}
    return read(json.dumps(made).encode())


class Ground(Protocol):
    """keeping: the library's."""

    keeping: Keeping

    def put(self, name: str, data: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    def gone(self, name: str) -> None:
        """Somebody takes it away."""

    def hidden(self) -> list[str]:
        """What lies where originals do, by the ends of their names."""


class Folder:
    """A Ground on a disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.keeping: Keeping = FolderKeeping(workflow({"folder": str(folder)}))

    def put(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def get(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    def gone(self, name: str) -> None:
        (self.folder / name).unlink()

    def hidden(self) -> list[str]:
        found = (self.folder / ".darkroom").rglob("*")
        return sorted(path.name for path in found if path.is_file() and path.name != "lock")


class Buckets:
    """A Ground in the bucket `name`, below `old/`. bucket: it as its owner sees it."""

    def __init__(self, folder: Path, server: Minio, name: str, key: Key) -> None:
        self.server, self.name, self.folder = server, name, folder
        self.key_file = folder / "films.key"
        self.key_file.touch(0o600)
        self.key_file.write_text(f"{key.access}:{key.secret}\n")
        self.bucket = Bucket(Endpoint(server.url), name, key)
        self.keeping: Keeping = self.kept()

    @property
    def local(self) -> Path:
        return self.folder / "scratch"

    def kept(self, endpoint: Endpoint | None = None, **limits: Any) -> BucketKeeping:
        made = workflow({"bucket": self.name, "prefix": "old/", "key_file": "films.key"}, **limits)
        return BucketKeeping(made, self.folder, self.local, endpoint or Endpoint(self.server.url))

    def put(self, name: str, data: bytes, **headers: str) -> None:
        self.bucket.put(f"old/{name}", data, {}, {one.replace("_", "-"): value for one, value in headers.items()})

    def get(self, name: str) -> bytes | None:
        head = self.bucket.head(f"old/{name}")
        return b"".join(self.bucket.pieces(head)) if head else None

    def gone(self, name: str) -> None:
        self.bucket.purge(f"old/{name}")

    def hidden(self) -> list[str]:
        remote = [stat.key.rpartition("/")[2] for stat in self.bucket.list(".darkroom/")]
        local = [path.name for path in self.local.rglob("*") if path.is_file() and path.name != "lock"]
        return sorted(remote + local)


def found(ground: Ground) -> dict[str, Found]:
    """All that is found, by its path."""
    listed = (one for one in ground.keeping.find() if isinstance(one, Found))
    return {os.fsdecode(ground.keeping.inside(one)): one for one in listed}


@contextmanager
def under_way(
    ground: Ground, path: str, asset: UUID | None = None, data: bytes = NEW
) -> Iterator[tuple[Opened, Scratch]]:
    """A file that is open, and what was made of it."""
    with ExitStack() as stack:
        opened = ground.keeping.open(os.fsencode(path), found(ground)[path].version, stack)
        assert isinstance(opened, Opened), opened
        scratch = ground.keeping.room(os.fsencode(path), asset or uuid4(), len(OLD))
        assert isinstance(scratch, Scratch), scratch
        stack.enter_context(scratch)
        os.write(scratch.descriptor, data)
        yield opened, scratch


def replaced(ground: Ground, path: str, name: str | None = None, asset: UUID | None = None) -> Taken | NotDone:
    with under_way(ground, path, asset) as (opened, scratch):
        return ground.keeping.replace(opened, scratch, Wish(NOW, UNTIL, name))


def must_be_taken(told: Taken | NotDone) -> Taken:
    assert isinstance(told, Taken), told
    return told


def a_moment() -> None:
    """Long enough for a file system to give the next change another time."""
    time.sleep(0.02)
