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
from tests.processors.clips import FAST, clip

MPEG4 = ("-c:v", "mpeg4", "-b:v", "6M")
PATTERN = "testsrc2=size=480x270:rate=25:duration=3"
PARITY = 2  # bytes on drives for each byte: four drives, two of them for parity


class Shop:
    """A bucket of its own, and a library in it."""

    def __init__(self, house: House, bucket: str) -> None:
        self.house, self.stack, self.name = house, house.stack, f"Films in {bucket}"
        made = self.stack.verb("bucket", "create", bucket, "--quota", "1G")
        assert made.returncode == 0, made.stderr
        told = json.loads(self.stack.verb("key", "create", "--bucket", bucket, "--json").stdout)
        key = Key(told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"])
        self.key_file = self.stack.folder / f"{bucket}.key"
        self.key_file.touch(0o600)
        self.key_file.write_text(f"{key.access}:{key.secret}\n")
        port = json.loads((self.stack.data / "ports.json").read_text())["storage"]
        self.bucket = Bucket(Endpoint(f"http://127.0.0.1:{port}"), bucket, key)
        self.source = {"bucket": bucket, "prefix": "old/", "key_file": self.key_file.name, "settled": "0s"}

    def upload(self, name: str, data: bytes) -> str:
        """Its SHA-256."""
        self.bucket.put(f"old/{name}", data, {}, {"x-amz-meta-shelf": "7"})
        return hashlib.sha256(data).hexdigest()

    def sha256(self, name: str) -> str:
        head = self.bucket.head(f"old/{name}")
        return self.bucket.digest(head) if head else ""

    def workflow(self) -> str:
        given = self.stack.folder / "in-bucket.json"
        made = {
            "name": self.name,
            "source": self.source,
            "target": TARGET,
            "replace": {"allowed": True},
            "verify": {"least_vmaf": 20},
            "limits": {"least_free": "1M", "cores": 2},
        }
        given.write_text(json.dumps(made))
        return str(given)

    def begin(self) -> None:
        done = self.stack.verb("library", "run", self.workflow(), "--key-file", str(self.key_file))
        assert done.returncode == 0, done.stderr

    def until_idle(self) -> dict[str, Any]:
        wait_for(lambda: self.house.idle(self.name), 120)
        return self.house.standing(self.name)

    def scan(self) -> None:
        self.house.post(f"/library/{self.house.standing(self.name)['id']}/scan")

    def results(self) -> dict[str, dict[str, Any]]:
        return self.house.results(self.name)

    def left(self) -> list[str]:
        return [stat.key for stat in self.bucket.list(".darkroom/")]

    def told(self, name: str) -> list[str]:
        found = (event for event in self.house.events() if event["filename"] == name)
        return [event.get("step") or event["state"] for event in found]


@pytest.fixture(scope="module")
def shop(house: House) -> Shop:
    return Shop(house, "films")


@pytest.fixture(scope="module")
def films(shop: Shop) -> dict[str, str]:
    """By their names: their SHA-256."""
    return {
        "one.avi": shop.upload("one.avi", clip(*MPEG4, pattern=PATTERN, suffix="avi")),
        "already.mp4": shop.upload("already.mp4", clip(*FAST, pattern=PATTERN)),
    }


def test_a_plan_of_it_writes_nothing(shop: Shop, films: dict[str, str]) -> None:
    done = shop.stack.verb("library", "plan", shop.workflow(), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["path"] for one in told["transcode"]] == ["old/one.avi"]
    assert told["skips"] == {"codec": 1}
    assert shop.left() == []


def test_without_its_key_it_is_not_taken(shop: Shop) -> None:
    done = shop.stack.verb("library", "run", shop.workflow())
    assert done.returncode == 1
    assert f"--key-file {shop.key_file.name}" in done.stderr


def test_what_is_worth_it_takes_less_room_on_drives(shop: Shop, films: dict[str, str]) -> None:
    wait_for(lambda: shop.house.get("/cluster")["sets"], 60)
    shop.begin()
    standing = shop.until_idle()
    assert (standing["behind"]["replaced"], standing["ahead"]["failed"]) == (1, 0)
    [(path, result)] = shop.results().items()
    assert (path, result["outcome"]) == ("one.avi", "replaced")
    head = shop.bucket.head("old/one.mkv")
    assert head
    assert (head.size, head.headers["x-amz-meta-shelf"]) == (result["after_bytes"], "7")
    assert (shop.sha256("one.avi"), shop.sha256("already.mp4")) == ("", films["already.mp4"])
    less = result["before_bytes"] - result["after_bytes"]
    assert standing["behind"]["saved_later_bytes"] == pytest.approx(PARITY * less, abs=2)
    assert len(shop.left()) == 2


def test_originals_come_back_and_stay(shop: Shop, films: dict[str, str]) -> None:
    shop.until_idle()
    done = shop.stack.verb("library", "undo", shop.name, "--all")
    assert done.returncode == 0, done.stderr
    assert {name: shop.sha256(name) for name in films} == films
    assert (shop.sha256("one.mkv"), shop.left()) == ("", [])
    began = shop.house.standing(shop.name)["scan"]["began_at"]
    shop.scan()
    wait_for(lambda: shop.house.standing(shop.name)["scan"]["began_at"] > began, 30)
    assert shop.until_idle()["scan"]["wanted"] == 0
    assert {name: shop.sha256(name) for name in films} == films


@pytest.fixture(scope="module")
def alone() -> Iterator[Shop]:
    """Whose worker may be killed."""
    house = House()
    shop = Shop(house, "killed")
    shop.begin()
    yield shop
    house.close()


@pytest.mark.long
@pytest.mark.parametrize("step", ["processing", "transcoded", "verified"])
def test_a_worker_is_killed_at_each_step(alone: Shop, step: str) -> None:
    alone.until_idle()
    name = f"killed-{step}.avi"
    original = alone.upload(name, clip(*MPEG4, pattern=PATTERN, suffix="avi"))
    alone.scan()
    wait_for(lambda: step in alone.told(name), 120)
    alone.stack.kill(WORKER, signal.SIGKILL)
    wait_for(lambda: name in alone.results(), 120)
    assert alone.results()[name]["outcome"] == "replaced"
    assert alone.told(name).count("transcoded") == 1
    assert (alone.sha256(name), bool(alone.sha256(name.replace("avi", "mkv")))) == ("", True)
    assert alone.stack.verb("library", "undo", alone.name, name).returncode == 0
    assert alone.sha256(name) == original
