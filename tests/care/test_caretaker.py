"""The caretaker of a whole appliance: nobody tells it anything, and it is killed in the middle of what it does."""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage import layout
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.care.rot import flip, shards
from tests.faults import parts
from tests.faults.behind import behind
from tests.stack import Stack

PHOTO = pictures.jpeg(2200, 1600)


@pytest.fixture
def project(cared: Stack) -> Project:
    return Project(cared)


def report(project: Project) -> dict[str, Any]:
    answer = project.server.get("/cluster")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def drives(stack: Stack) -> list[Path]:
    return [stack.data / "drives" / number for number in "1234"]


@contextmanager
def away(drive: Path) -> Iterator[None]:
    """A drive is unplugged while the block runs: a file is where its folder was."""
    drive.rename(drive.with_suffix(".away"))
    drive.write_text("broken")
    try:
        yield
    finally:
        drive.unlink()
        drive.with_suffix(".away").rename(drive)


def healed(project: Project, before: int, seconds: float = 90) -> dict[str, Any]:
    """The first heal after the round `before` that has ended."""

    def ended() -> Any:
        told = report(project)
        last = told["last_heal"]
        return last if last and last["id"] > before and not told["round"] else None

    last: dict[str, Any] = wait_for(ended, seconds)
    return last


def newest(project: Project) -> int:
    """The number of the last round of any kind."""
    told = report(project)
    return max((one["id"] for one in (told["round"], told["last_heal"], told["last_scrub"]) if one), default=0)


def done(project: Project, count: int = 3) -> list[str]:
    images = [project.upload(PHOTO) for _ in range(count)]
    assert [project.ended(image)["state"] for image in images] == ["done"] * count
    return images


def keys(stack: Stack, image: str) -> list[tuple[str, str]]:
    """Bucket and key of an image's original, then of each version."""
    asset = f"SELECT * FROM ledger.assets WHERE id = '{image}'"
    sql = behind(stack).sql
    found = [tuple(row) for row in sql(f"SELECT b.bucket, b.key FROM ({asset}) a JOIN ledger.blobs b ON b.id = a.blob")]
    original = found[0][1]
    named = "v.name || '.' || left(v.sha256, 12) || '.' || v.extension"
    rows = sql(f"SELECT {named} FROM ledger.versions v WHERE v.asset = '{image}' ORDER BY v.bytes DESC")
    return [(layout.ORIGINALS, original), *((layout.VERSIONS, f"{original}/{row[0]}") for row in rows)]


def asked(stack: Stack, deep: bool) -> int:
    """The number of a round that the caretaker finds to be done."""
    rows = behind(stack).sql("INSERT INTO ledger.care (deep, why) VALUES ($1, 'a test') RETURNING id", deep)
    return int(rows[0]["id"])


def copies(stack: Stack, image: str) -> list[int]:
    """On how many drives there is something of the original and of each version."""
    found = [[drive / bucket / key / "xl.meta" for drive in drives(stack)] for bucket, key in keys(stack, image)]
    return [sum(file.is_file() for file in files) for files in found]


@pytest.mark.long
def test_a_drive_that_was_away_is_healed_when_it_is_back(cared: Stack, project: Project) -> None:
    before = newest(project)
    with away(drives(cared)[1]):
        wait_for(lambda: report(project)["act"], 20)
        images = done(project)
        status = cared.verb("status")
        told = report(project)
    assert status.returncode == 4, status.stdout
    assert "no more drive may fail in set 1 before writes stop, 1 more before reads stop" in status.stdout
    assert "TO DO" in status.stdout
    assert "Don't touch the other drives" in status.stdout
    assert told["sets"][0]["writes_margin"] == 0
    assert [found["code"] for found in told["findings"]] == ["drive_away"]
    began = time.monotonic()
    last = healed(project, before)
    print(f"full redundancy {time.monotonic() - began:.1f} s after the drive was back")
    assert "is back" in last["why"]
    assert last["unhealed"] == 0
    assert [copies(cared, image) for image in images] == [[4] * 5] * 3
    assert cared.verb("status").returncode == 0


@pytest.mark.long
def test_a_drive_that_is_wiped_is_filled_without_anybody(cared: Stack, project: Project) -> None:
    images = done(project)
    before = newest(project)
    began = time.monotonic()
    for folder in drives(cared)[2].iterdir():
        shutil.rmtree(folder)
    last = healed(project, before)
    print(f"full redundancy {time.monotonic() - began:.1f} s after the drive was wiped")
    assert last["unhealed"] == 0
    assert [copies(cared, image) for image in images] == [[4] * 5] * 3
    assert {drive["state"] for drive in report(project)["drives"]} == {"ok"}


@pytest.mark.long
def test_a_drive_that_comes_back_while_nobody_looks_is_healed_by_the_next_caretaker(
    cared: Stack, project: Project
) -> None:
    before = newest(project)
    with away(drives(cared)[0]):
        wait_for(lambda: report(project)["act"], 20)
        images = done(project, 1)
        parts.kill(cared, "caretaker", signal.SIGSTOP)
        stopped = parts.pid(cared, "caretaker")
    time.sleep(2)
    parts.kill(cared, "caretaker")
    wait_for(lambda: parts.pid(cared, "caretaker") != stopped, 30)
    last = healed(project, before)
    assert "is back" in last["why"]
    assert [copies(cared, image) for image in images] == [[4] * 5]
    parts.wait_well(cared)


def test_a_scrub_lets_users_and_heals_go_first_and_is_taken_up_after_kill_9(cared: Stack, project: Project) -> None:
    image = done(project, 1)[0]
    bucket, key = keys(cared, image)[0]
    rotten = shards(drives(cared), bucket, key)
    right = [shard.read_bytes() for shard in rotten]
    for shard in rotten[:2]:
        flip(shard)
    workers = [parts.pid(cared, name) for name in parts.WORKERS]
    with parts.frozen(*workers):
        waiting = project.upload(PHOTO)
        wait_for(lambda: project.image(waiting)["state"] == "uploaded")
        which = asked(cared, deep=True)
        wait_for(lambda: (now := report(project)["round"]) and now["id"] == which and now["doing"], 60)
        urgent = asked(cared, deep=False)
        wait_for(lambda: (last := report(project)["last_heal"]) and last["id"] == urgent, 60)
        held = wait_for(lambda: (now := report(project)["round"]) and now["doing"] and now, 60)
        killed = parts.kill(cared, "caretaker")
    assert held["kind"] == "scrub"
    assert held["id"] == which, "the heal went before it, and has ended"
    assert held["slices_done"] < held["slices"], "it waits while a file waits to be processed"
    wait_for(lambda: parts.pid(cared, "caretaker") != killed, 60)
    ended = wait_for(lambda: (last := report(project)["last_scrub"]) and last["id"] == which and last, 90)
    # What the server had mended and told nobody when the caretaker was killed is counted by nobody.
    assert ended["mended"] in (0, 1)
    assert ended["unhealed"] == 0
    assert [shard.read_bytes() for shard in rotten] == right
    assert project.ended(waiting)["state"] == "done"
    parts.wait_well(cared)


@pytest.mark.long
def test_beyond_healing_versions_are_made_anew_and_originals_are_told_with_their_owner(
    cared: Stack, project: Project
) -> None:
    kept, lost = done(project, 2)
    version = keys(cared, kept)[1]
    right = [file.read_bytes() for file in shards(drives(cared), *version)]
    assert right, "the largest version is not kept in metadata"
    for shard in shards(drives(cared), *version)[:3]:
        flip(shard)
    for shard in shards(drives(cared), *keys(cared, lost)[0])[:3]:
        flip(shard)
    scrubbed = cared.verb("scrub", "--now", "--json")
    assert scrubbed.returncode == 1, scrubbed.stdout + scrubbed.stderr
    assert json.loads(scrubbed.stdout)["round"]["unhealed"] == 2

    wait_for(lambda: project.image(kept)["state"] == "done" and project.image(lost)["state"] == "error", 60)
    assert project.image(lost)["error"]["code"] == "object_damaged"
    assert httpx.get(project.image(kept)["versions"]["d2500"]["url"]).status_code == 200
    listed = cared.verb("heal", "--list")
    assert listed.returncode == 1
    assert f"asset {lost} (hello.jpg, object_damaged), project {project.id}" in listed.stdout
    assert "lost: to be uploaded again, or restored from a backup" in listed.stdout
    wait_for(lambda: report(project)["unhealed"].get("damaged") == 1, 20)
    status = cared.verb("status")
    assert status.returncode == 4
    assert "1 stored file can't be healed" in status.stdout

    # It is over with the asset: somebody has uploaded the photo again, say.
    assert project.api.delete(f"/images/{lost}").status_code in (200, 202, 204)
    wait_for(lambda: not report(project)["act"], 60)
    assert cared.verb("heal").returncode == 0
    assert not report(project)["unhealed"]
    assert cared.verb("verify", "--deep", "--grace", "0").returncode == 0


def test_the_report_is_for_admins_and_is_not_made_up_where_there_is_none(cared: Stack, project: Project) -> None:
    assert project.api.get("/cluster").status_code == 403
    assert httpx.get(f"{cared.url}/cluster").status_code == 401
    assert cared.verb("heal", "--bucket", "nowhere").returncode == 2
    one = cared.verb("heal", "--bucket", "originals", "--json")
    assert one.returncode == 0, one.stderr
    assert json.loads(one.stdout)["round"]["bucket"] == "originals"
    with parts.kept_down(cared, "caretaker"):
        behind(cared).valkey().delete("darkroom:cluster")
        answer = project.server.get("/cluster")
        status = cared.verb("status")
        healed = cared.verb("heal")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_report")
    assert "part caretaker" in answer.json()["detail"]
    assert "the caretaker has not told" in status.stdout
    assert healed.returncode == 2
    assert "./ops/status" in healed.stderr + healed.stdout
    parts.wait_well(cared)
