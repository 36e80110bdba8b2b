"""A library in a bucket of a running appliance's own storage, from end to end."""

import hashlib
import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from storage.buckets import Bucket
from storage.endpoint import Endpoint
from storage.keys import Key
from tests.appliance.client import wait_for
from tests.library.house import TARGET, WORKER, House
from tests.processors.clips import FAST, TONE, clip

MPEG4 = ("-c:v", "mpeg4", "-b:v", "6M")
PATTERN = "testsrc2=size=480x270:rate=25:duration=3"
SOURCE = {"bucket": "films", "prefix": "old/", "key_file": "films.key"}
PARITY = 2  # bytes on drives for each byte: four drives, two of them for parity


class Shop(House):
    """The same with a bucket instead of a folder."""

    def __init__(self) -> None:
        super().__init__()
        made = self.stack.verb("bucket", "create", "films", "--quota", "1G")
        assert made.returncode == 0, made.stderr
        told = json.loads(self.stack.verb("key", "create", "--bucket", "films", "--json").stdout)
        key = Key(told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"])
        self.key_file = self.stack.folder / "films.key"
        self.key_file.touch(0o600)
        self.key_file.write_text(f"{key.access}:{key.secret}\n")
        port = json.loads((self.stack.data / "ports.json").read_text())["storage"]
        self.bucket = Bucket(Endpoint(f"http://127.0.0.1:{port}"), "films", key)

    def upload(self, name: str, data: bytes) -> str:
        """Its SHA-256."""
        self.bucket.put(f"old/{name}", data, {}, {"x-amz-meta-shelf": "7"})
        return hashlib.sha256(data).hexdigest()

    def sha256(self, name: str) -> str:
        head = self.bucket.head(f"old/{name}")
        return self.bucket.digest(head) if head else ""

    def begin(self, **different: Any) -> None:
        given = self.stack.folder / "given.json"
        workflow = {
            "name": "Films",
            "source": SOURCE | {"settled": "0s"},
            "target": TARGET,
            "replace": {"allowed": True},
            "verify": {"least_vmaf": 20},
            "limits": {"least_free": "1M", "cores": 2},
            **different,
        }
        given.write_text(json.dumps(workflow))
        done = self.stack.verb("library", "run", str(given), "--key-file", str(self.key_file))
        assert done.returncode == 0, done.stderr

    def left(self) -> list[str]:
        return [stat.key for stat in self.bucket.list(".darkroom/")]

    def told(self, name: str) -> list[str]:
        return [event.get("step") or event["state"] for event in self.events() if event["filename"] == name]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def films(shop: Shop) -> dict[str, str]:
    """By their names: their SHA-256."""
    return {
        "one.mkv": shop.upload("one.mkv", clip(*TONE, *MPEG4, pattern=PATTERN, suffix="matroska")),
        "series/two.avi": shop.upload("series/two.avi", clip(*MPEG4, pattern=PATTERN, suffix="avi")),
        "already.mp4": shop.upload("already.mp4", clip(*FAST, pattern=PATTERN)),
    }


def test_a_plan_of_it_writes_nothing(shop: Shop, films: dict[str, str]) -> None:
    given = shop.stack.folder / "plan.json"
    given.write_text(json.dumps({"name": "Films", "source": SOURCE | {"settled": "0s"}, "target": TARGET}))
    done = shop.stack.verb("library", "plan", str(given), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {one["path"] for one in told["transcode"]} == {"old/one.mkv", "old/series/two.avi"}
    assert told["skips"] == {"codec": 1}
    assert shop.left() == []


def test_what_is_worth_it_takes_less_room_on_drives(shop: Shop, films: dict[str, str]) -> None:
    shop.begin()
    standing = shop.until_idle()
    assert (standing["behind"]["replaced"], standing["ahead"]["failed"]) == (2, 0)
    results = shop.results()
    assert {path: one["outcome"] for path, one in results.items()} == {
        "one.mkv": "replaced",
        "series/two.avi": "replaced",
    }
    head = shop.bucket.head("old/one.mkv")
    assert head
    assert (head.size, head.headers["x-amz-meta-shelf"]) == (results["one.mkv"]["after_bytes"], "7")
    assert (shop.sha256("series/two.avi"), shop.sha256("already.mp4")) == ("", films["already.mp4"])
    assert shop.sha256("series/two.mkv")
    less = sum(one["before_bytes"] - one["after_bytes"] for one in results.values())
    assert standing["behind"]["saved_later_bytes"] == pytest.approx(PARITY * less, abs=2)
    assert len(shop.left()) == 4


def test_originals_come_back_and_stay(shop: Shop, films: dict[str, str]) -> None:
    shop.until_idle()
    done = shop.stack.verb("library", "undo", "Films", "--all")
    assert done.returncode == 0, done.stderr
    assert {name: shop.sha256(name) for name in films} == films
    assert (shop.sha256("series/two.mkv"), shop.left()) == ("", [])
    shop.post(f"/library/{shop.standing()['id']}/scan")
    shop.until_idle()
    assert shop.standing()["scan"]["wanted"] == 0
    assert {name: shop.sha256(name) for name in films} == films


@pytest.mark.long
@pytest.mark.parametrize("step", ["processing", "transcoded", "verified"])
def test_a_worker_is_killed_at_each_step(shop: Shop, films: dict[str, str], step: str) -> None:
    if not shop.standing():
        shop.begin()
    shop.until_idle()
    name = f"killed-{step}.avi"
    original = shop.upload(name, clip(*MPEG4, pattern=PATTERN, suffix="avi"))
    shop.post(f"/library/{shop.standing()['id']}/scan")
    wait_for(lambda: step in shop.told(name), 120)
    shop.stack.kill(WORKER, signal.SIGKILL)
    wait_for(lambda: name in shop.results(), 120)
    assert shop.results()[name]["outcome"] == "replaced"
    assert shop.told(name).count("transcoded") == 1
    assert (shop.sha256(name), bool(shop.sha256(name.replace("avi", "mkv")))) == ("", True)
    assert shop.stack.verb("library", "undo", "Films", name).returncode == 0
    assert shop.sha256(name) == original
