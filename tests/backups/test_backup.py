"""Backup, wipe, restore: the same bytes, a ledger that is whole, and readers that are told to read anew."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from minio import Minio

from tests.appliance import pictures
from tests.appliance.client import Project
from tests.daemons import minio
from tests.faults.behind import behind
from tests.faults.uploads import photo
from tests.stack import Stack

PHOTOS = 6


@pytest.fixture
def own() -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


@pytest.fixture
def store(own: Stack) -> Path:
    """A folder that is not there yet."""
    return own.folder / "store"


def backup(stack: Stack, store: Path, code: int = 0) -> dict[str, Any]:
    done = stack.verb("backup", "--to", str(store), "--json")
    assert done.returncode == code, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def wipe(stack: Stack) -> None:
    """All that the appliance has, as if its disks were gone."""
    stack.down()
    shutil.rmtree(stack.data)


def bytes_of(project: Project) -> dict[str, str]:
    """The SHA-256 of what every link of the project gives, by image and version."""
    found = {}
    for image in project.api.get(f"/projects/{project.id}/images", params={"links": "full", "limit": 200}).json()[
        "images"
    ]:
        for name, version in image["versions"].items():
            if version:
                answer = httpx.get(version["url"])
                assert answer.status_code == 200
                found[f"{image['image_id']} {name}"] = hashlib.sha256(answer.content).hexdigest()
    return found


def fill(project: Project) -> None:
    """Photos, one of them sent twice by its form, one deleted, a letter, and a link that nobody used."""
    sent = [project.upload(photo(f"{project.id} {number}")) for number in range(PHOTOS)]
    twice = project.link()
    for number in (1, 2):
        assert project.send(twice, photo(f"{project.id} twice {number}")).status_code == 201
    letter = project.upload(b"Dear Sir or Madam")
    for image in (*sent, twice["image_id"], letter):
        project.ended(image)
    project.api.delete(f"/images/{sent[0]}")
    project.link("never-sent.jpg")


def renewed(project: Project) -> Project:
    """The same project, with a token of the appliance as it is now."""
    token = project.server.post("/tokens", json={"project_id": project.id})
    assert token.status_code == 201, token.text
    project.token = token.json()["token"]
    project.api.headers["Authorization"] = f"Bearer {project.token}"
    return project


def test_all_is_there_again_after_everything_was_lost(own: Stack, store: Path) -> None:
    project = Project(own)
    fill(project)
    first = backup(own, store)
    assert (
        first["objects"] == 5 * PHOTOS + 1
    )  # the one that was sent twice and the letter, not the one that was deleted
    assert first["copied"] < first["objects"] / 2, "they differ in a comment, so their versions are the same bytes"
    later = project.upload(photo(f"{project.id} later"))
    project.ended(later)
    second = backup(own, store)
    assert second["objects"] == first["objects"] + 5
    assert second["copied"] == 1, "only what is new is copied"
    before, listed = bytes_of(project), project.api.get(f"/projects/{project.id}/images?limit=200").json()["images"]
    cursor = project.api.get(f"/projects/{project.id}/events", params={"after": 0, "limit": 1}).json()
    wipe(own)

    restored = own.verb("restore", "--from", str(store), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["objects"] == second["objects"]
    own.up()
    verified = own.verb("verify", "--deep", "--json", "--grace", "0")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    renewed(project)
    assert bytes_of(project) == before
    again = project.api.get(f"/projects/{project.id}/images?limit=200").json()["images"]
    assert [(i["image_id"], i["state"]) for i in again] == [(i["image_id"], i["state"]) for i in listed]
    stale = project.api.get(f"/projects/{project.id}/events", params={"after": f"{cursor['epoch']}:1"})
    assert (stale.status_code, stale.json()["type"]) == (410, "reset")
    assert project.ended(project.upload(photo(f"{project.id} new")))["state"] == "done"


@pytest.mark.long
def test_another_s3_keeps_backups_too(tmp_path: Path) -> None:
    other = minio.start(tmp_path, set_up=False)
    own = Stack(DARKROOM_BACKUP_KEY=":".join(minio.ROOT))
    try:
        Minio(f"127.0.0.1:{other.port}", *minio.ROOT, secure=False).make_bucket("backups")
        store = f"{other.url}/backups/darkroom"
        own.up()
        if os.geteuid() == 0:
            for part in own.parts().values():
                held = Path(f"/proc/{part['pid']}/environ").read_text() if part["pid"] else ""
                assert "BACKUP_KEY" not in held, f"{part['name']} has a key that it has no use for"
        project = Project(own)
        project.ended(project.upload(photo("elsewhere")))
        assert own.verb("backup", "--to", store).returncode == 0
        before = bytes_of(project)
        wipe(own)
        restored = own.verb("restore", "--from", store)
        assert restored.returncode == 0, restored.stderr
        own.up()
        assert bytes_of(renewed(project)) == before
        own._environment.pop("DARKROOM_BACKUP_KEY")
        assert "DARKROOM_BACKUP_KEY" in own.verb("backup", "--to", store).stderr
    finally:
        own.close()
        other.daemon.stop()


@pytest.mark.long
def test_an_earlier_backup_can_be_asked_for(own: Stack, store: Path) -> None:
    project = Project(own)
    project.ended(project.upload(photo("first")))
    first = backup(own, store)
    time.sleep(1.1)
    project.ended(project.upload(photo("second")))
    backup(own, store)
    shown = own.verb("backup", "--to", str(store), "--list")
    assert next(line.split()[0] for line in shown.stdout.splitlines()[1:]) == first["stamp"]
    wipe(own)
    assert own.verb("restore", "--from", str(store), "--at", first["stamp"]).returncode == 0
    own.up()
    assert len(bytes_of(renewed(project))) == 5
    assert own.verb("verify", "--deep", "--grace", "0").returncode == 0


@pytest.mark.long
def test_a_backup_that_was_killed_is_none_and_the_next_one_copies_the_rest(own: Stack, store: Path) -> None:
    project = Project(own)
    for number in range(4 * PHOTOS):
        project.upload(photo(f"{project.id} {number}"))
    for image in project.api.get(f"/projects/{project.id}/images?limit=200").json()["images"]:
        project.ended(image["image_id"])
    command = [str(own.checkout / "ops" / "backup"), "--to", str(store), "--data", str(own.data)]
    running = subprocess.Popen(command, env=own._environment, start_new_session=True, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while len(list(store.glob("objects/*/*"))) < 10:
        assert running.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.002)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not list(store.rglob("manifest.json"))
    there = len(list(store.glob("objects/*/*")))
    refused = own.verb("backup", "--to", str(store), "--list")
    assert refused.returncode != 0 or not refused.stdout.splitlines()[1:], refused.stdout
    told = backup(own, store)
    objects = len(list(store.glob("objects/*/*")))
    assert told["objects"] == 5 * 4 * PHOTOS
    assert objects >= 4 * PHOTOS
    assert told["copied"] <= objects - there + 4, "what was there is not copied again, but for what was under way"
    assert own.verb("drill", "--from", str(store)).returncode == 0


@pytest.mark.long
def test_a_restore_that_was_killed_goes_on(own: Stack, store: Path) -> None:
    project = Project(own)
    fill(project)
    backup(own, store)
    before = bytes_of(project)
    wipe(own)
    command = [str(own.checkout / "ops" / "restore"), "--from", str(store), "--data", str(own.data)]
    running = subprocess.Popen(command, env=own._environment, start_new_session=True, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 120
    while len(list(own.data.glob("drives/1/originals/projects/*/*/*/*"))) < 3:
        assert running.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < limit
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    refused = own.verb("up", "--detach")
    assert refused.returncode != 0
    assert "./ops/restore" in refused.stderr
    done = own.verb("restore", "--from", str(store), "--json")
    assert done.returncode == 0, done.stderr
    own.up()
    assert bytes_of(renewed(project)) == before
    assert own.verb("verify", "--deep", "--grace", "0").returncode == 0


@pytest.mark.long
def test_nothing_is_restored_over_something(own: Stack, store: Path) -> None:
    backup(own, store)
    running = own.verb("restore", "--from", str(store))
    assert running.returncode == 2
    assert "is running" in running.stderr
    own.down()
    full = own.verb("restore", "--from", str(store))
    assert full.returncode == 2
    assert "has an appliance's data" in full.stderr
    own.up()
    assert own.verb("restore", "--from", str(own.folder / "none")).returncode == 2


@pytest.mark.long
def test_what_the_store_has_lost_is_named_and_the_rest_restored(own: Stack, store: Path) -> None:
    project = Project(own)
    image = project.upload(pictures.jpeg(640, 480))
    project.ended(image)
    backup(own, store)
    thumb = bytes_of(project)[f"{image} thumb"]
    rotten = store / "objects" / thumb[:2] / thumb[2:]
    rotten.chmod(0o666)
    rotten.write_bytes(b"\0" + rotten.read_bytes()[1:])
    wipe(own)
    done = own.verb("restore", "--from", str(store), "--json")
    assert done.returncode == 1, done.stderr
    [named] = json.loads(done.stdout)["damaged"]
    assert f"{image}/thumb" in named
    own.up()
    found = json.loads(own.verb("verify", "--deep", "--json", "--grace", "0").stdout)
    assert (found["missing"], found["damaged"], found["unexplained"]) == (1, 0, 0)


@pytest.mark.long
def test_what_can_not_be_read_now_is_not_called_lost(own: Stack, store: Path) -> None:
    project = Project(own)
    image = project.upload(pictures.jpeg(640, 480))
    project.ended(image)
    backup(own, store)
    before = bytes_of(project)
    thumb = before[f"{image} thumb"]
    place = store / "objects" / thumb[:2] / thumb[2:]
    data = place.read_bytes()
    place.unlink()
    place.mkdir()
    wipe(own)
    failed = own.verb("restore", "--from", str(store))
    assert failed.returncode == 2
    assert "it goes on where it was" in failed.stderr
    place.rmdir()
    place.write_bytes(data)
    place.chmod(0o644)
    assert own.verb("restore", "--from", str(store)).returncode == 0
    own.up()
    assert bytes_of(renewed(project)) == before


@pytest.mark.long
def test_a_rotten_dump_restores_nothing(own: Stack, store: Path) -> None:
    made = backup(own, store)
    dump = store / "backups" / made["stamp"] / "ledger.dump"
    data = dump.read_bytes()
    dump.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    wipe(own)
    done = own.verb("restore", "--from", str(store))
    assert done.returncode == 2
    assert "SHA-256" in done.stderr
    shutil.rmtree(own.data)


@pytest.mark.long
def test_what_storage_has_lost_is_named_and_the_rest_kept(own: Stack, store: Path) -> None:
    project = Project(own)
    for width in (320, 640):
        project.ended(project.upload(pictures.jpeg(width, 240)))
    client = behind(own).storage()
    found = [str(one.object_name) for one in client.list_objects("versions", recursive=True)]
    lost = next(key for key in found if "/thumb." in key)
    client.remove_object("versions", lost)
    told = backup(own, store, code=1)
    assert [one.split(":")[0] for one in told["missing"]] == [f"versions/{lost}"]
    assert told["objects"] == 9
    shown = own.verb("backup", "--to", str(store))
    assert "lost or damaged in storage" in shown.stdout


@pytest.mark.long
def test_a_store_that_can_not_be_written_is_said(own: Stack) -> None:
    (own.folder / "file").touch()
    done = own.verb("backup", "--to", str(own.folder / "file"))
    assert done.returncode == 2
    assert "no backup was made" in done.stderr


@pytest.mark.long
def test_a_drill_restores_a_sample_and_finds_what_is_rotten(own: Stack, store: Path) -> None:
    project = Project(own)
    image = project.upload(pictures.jpeg(640, 480))
    project.ended(image)
    assert own.status()["backup"] is None
    made = backup(own, store)
    assert own.status()["backup"]["stamp"] == made["stamp"]
    assert "no drill yet" in own.verb("status").stdout
    sample = own.verb("drill", "--from", str(store), "--sample", "3", "--json")
    assert sample.returncode == 0, sample.stderr
    told = json.loads(sample.stdout)
    assert (told["objects"], told["of"], told["damaged"]) == (5, 5, [])
    assert "the last drill 0.0 hours ago" in own.verb("status").stdout
    thumb = bytes_of(project)[f"{image} thumb"]
    (store / "objects" / thumb[:2] / thumb[2:]).unlink()
    found = own.verb("drill", "--from", str(store))
    assert found.returncode == 1
    assert "thumb" in found.stdout
    assert project.image(image)["state"] == "done", "the appliance itself goes on beside it"
    assert own.verb("drill", "--from", str(own.folder / "none")).returncode == 2
