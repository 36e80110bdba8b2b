"""`./ops/verify` as an operator types it, on a whole appliance of its own."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from storage import layout
from storage.objects import Objects
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.storage import objects_of
from tests.stack import Stack


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[Stack, Project, str]]:
    """An appliance with one photo that is done, and one that failed."""
    stack = Stack()
    try:
        stack.up()
        project = Project(stack)
        done, failed = project.upload(pictures.jpeg(300, 200)), project.upload(b"no picture")
        assert [project.ended(image)["state"] for image in (done, failed)] == ["done", "error"]
        yield stack, project, done
    finally:
        stack.close()


def verify(stack: Stack, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = stack.verb("verify", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def root_of(stack: Stack) -> Objects:
    return objects_of(stack, "storage_root")


def test_it_says_what_it_compared(kept: tuple[Stack, Project, str]) -> None:
    stack, _, _ = kept
    told = stack.verb("verify", "--grace", "0")
    assert told.returncode == 0, told.stdout
    assert "uploads 2 = done 1 + error 1 (not_a_picture 1) + in progress 0\n" in told.stdout
    assert "unexplained object versions 0\nmissing object versions 0\n" in told.stdout


@pytest.mark.long
def test_differences_are_mended_on_demand_alone(kept: tuple[Stack, Project, str]) -> None:
    stack, project, done = kept
    root = root_of(stack)
    root.put(layout.ORIGINALS, "strange/one", b"?", "text/plain")
    place = layout.asset_prefix("projects", project.id, "images", UUID(done))
    thumb = next(stat for stat in root.list(layout.VERSIONS, place) if "/thumb." in stat.key)
    root.delete_version(layout.VERSIONS, thumb.key, "")
    code, young = verify(stack)
    assert (code, young["unexplained"], young["young"], young["missing"]) == (1, 0, 1, 1)
    code, found = verify(stack, "--grace", "0", "--repair")
    assert (code, found["unexplained"], found["missing"]) == (1, 1, 1)
    assert found["repair"] == {
        "done": False,
        "refused": "",
        "deleted": 1,
        "taken_in": 0,
        "forgotten": 0,
        "called_missing": 1,
        "called_damaged": 0,
    }
    assert root.head(layout.ORIGINALS, "strange/one") is not None
    code, mended = verify(stack, "--grace", "0", "--repair", "--yes")
    assert (code, mended["repair"]["done"]) == (0, True)
    assert root.head(layout.ORIGINALS, "strange/one") is None
    assert project.image(done)["error"]["code"] == "object_missing"
    assert verify(stack, "--grace", "0")[0] == 0
    project.server.post(f"/images/{done}/retry")
    assert project.ended(done)["state"] == "done"
    assert verify(stack, "--grace", "0", "--deep")[0] == 0


@pytest.mark.long
def test_with_a_drive_away_nothing_is_mended(kept: tuple[Stack, Project, str]) -> None:
    stack, _, _ = kept
    root = root_of(stack)
    root.put(layout.ORIGINALS, "strange/two", b"?", "text/plain")
    drive = stack.data / "drives" / "4"
    drive.chmod(0)  # moved away, it would be made again
    try:
        none = ("--grace", "0", "--repair", "--yes", "--limit", "0")
        wait_for(lambda: "drive" in verify(stack, *none)[1]["repair"]["refused"])
        code, told = verify(stack, "--grace", "0", "--repair", "--yes")
    finally:
        drive.chmod(0o700)
    assert (code, told["unexplained"], told["repair"]["deleted"]) == (2, 1, 0)
    assert root.head(layout.ORIGINALS, "strange/two") is not None
    wait_for(lambda: verify(stack, "--grace", "0", "--repair", "--yes")[0] == 0)
    assert root.head(layout.ORIGINALS, "strange/two") is None


def test_the_life_of_a_photo_is_told_to_those_who_may_see_it(kept: tuple[Stack, Project, str]) -> None:
    stack, project, done = kept
    life = project.api.get(f"/assets/{done}/timeline").json()
    steps = [entry["what"] for entry in life["entries"]]
    assert steps[:2] == ["link_issued", "init"]
    assert steps[-2:] == ["attempt_ended", "done"]
    signals = {entry["signal"] for entry in life["entries"] if entry["what"] == "uploaded" and "signal" in entry}
    assert signals <= {"notification", "sweep"}
    assert signals
    assert life["entries"][-2]["worker"].startswith("worker-images-")
    assert Project(stack).api.get(f"/assets/{done}/timeline").status_code == 404


def test_status_names_the_oldest_day_that_waits(kept: tuple[Stack, Project, str]) -> None:
    """Today's is not over; the job of intake has had its turn all the same."""
    stack, _, _ = kept
    verified = wait_for(lambda: (told := stack.status()["verified"])["ended_at"] and told)
    assert verified["oldest_unverified_day"] is None
    assert "verified: every day has had its turn" in stack.verb("status").stdout


def test_what_cannot_be_found_out_is_neither_clean_nor_a_difference(kept: tuple[Stack, Project, str]) -> None:
    stack, _, _ = kept
    assert stack.verb("verify", data=stack.folder / "nothing").returncode == 2
    assert stack.verb("verify", "--yes").returncode == 2
    assert stack.verb("verify", "--day", "soon").returncode == 2
