"""A storage that is nearly full, or can't write: no links are handed out, and the rest goes on."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.faults.parts import frozen, pid
from tests.stack import Stack

DRIVES_MB = 700


@pytest.fixture(scope="module")
def own() -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


def link(project: Project) -> httpx.Response:
    return project.api.post("/images/", json={"filename": "a.jpg", "project_id": project.id})


def refused(project: Project) -> httpx.Response | None:
    """The refusal of a link, if it is for want of room."""
    answer = link(project)
    return answer if answer.status_code == 507 else None


def check_all_else_goes_on(project: Project, image: str, open_link: dict, failed: str) -> None:
    """What was stored is read, what was allowed is taken and developed, what failed is tried again."""
    versions = project.image(image)["versions"]
    for name in ("original", "thumb"):
        assert project.plain.get(versions[name]["url"]).status_code == 200
    assert project.send(open_link, pictures.jpeg(300, 200)).status_code == 201
    assert project.ended(open_link["image_id"])["state"] == "done"
    assert project.api.post(f"/images/{failed}/retry").status_code == 200
    assert project.ended(failed)["error"]["code"] == project.image(failed)["error"]["code"]


@pytest.mark.long
def test_near_full_links_are_refused_early_and_all_else_goes_on(own: Stack, setting: Callable[..., None]) -> None:
    project = Project(own)
    image, failed = project.upload(pictures.jpeg(300, 200)), project.upload(b"no photo")
    assert (project.ended(image)["state"], project.ended(failed)["state"]) == ("done", "error")
    open_link = project.link()
    setting("100")  # more than any drive has free
    answer = wait_for(lambda: refused(project), 30)
    assert answer.json()["code"] == "storage_full"
    assert "nearly full" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    before = project.api.get(f"/projects/{project.id}/usage").json()
    assert refused(project)
    assert project.api.get(f"/projects/{project.id}/usage").json() == before  # a refusal takes no slot
    check_all_else_goes_on(project, image, open_link, failed)
    setting("0")
    assert wait_for(lambda: link(project).status_code == 201, 30)


@pytest.mark.long  # tests/faults/test_drives.py does the same to an appliance that is there
def test_without_write_quorum_links_are_refused_and_take_no_slot(own: Stack) -> None:
    project = Project(own)
    lost = [own.data / "drives" / str(number) for number in (1, 2)]
    for drive in lost:
        drive.rename(drive.with_suffix(".lost"))
        drive.write_bytes(b"")
    try:
        answer = wait_for(lambda: (a := link(project)).status_code == 503 and a, 20)
        assert int(answer.headers["retry-after"]) > 0
        ready = project.plain.get(f"{own.url}/readyz")
        assert ready.status_code == 503
        assert [name for name, health in ready.json()["parts"].items() if health != "ok"] == ["storage"]
        before = project.api.get(f"/projects/{project.id}/usage").json()["slots"]
        assert [link(project).status_code for _ in range(5)] == [503] * 5
        assert project.api.get(f"/projects/{project.id}/usage").json()["slots"] == before
    finally:
        for drive in lost:
            drive.unlink()
            drive.with_suffix(".lost").rename(drive)
    own.kill("storage")  # it takes back at once only drives that it finds when it starts
    own.wait_well()
    assert wait_for(lambda: link(project).status_code == 201, 30)


@pytest.mark.long
def test_while_storage_hangs_so_do_hints_and_nobody_else(own: Stack) -> None:
    """More hints than a process has threads; whoever asks for a link meanwhile is told so soon."""
    project = Project(own)
    images = [project.link()["image_id"] for _ in range(24)]
    with ThreadPoolExecutor(len(images)) as many:
        with frozen(pid(own, "storage")):
            hints = [many.submit(project.api.post, f"/images/{image}/uploaded") for image in images]
            for _ in range(4):  # both processes are asked
                time.sleep(1)
                began = time.monotonic()
                assert link(project).status_code == 503
                assert time.monotonic() - began < 4
        assert {hint.result().status_code for hint in hints} <= {503, 409}
    own.wait_well()


@pytest.fixture
def setting(own: Stack) -> Callable[..., None]:
    """Starts the appliance anew with another share that must be free."""

    def percent(value: str) -> None:
        own.down()
        own._environment["DARKROOM_STORAGE_FREE_PERCENT"] = value
        own.up()

    return percent


@pytest.mark.root
@pytest.mark.long
def test_drives_that_fill_up_are_noticed_and_room_that_was_made_too() -> None:
    """On a file system of its own, filled by somebody else."""
    stack = Stack()
    drives = stack.data / "drives"
    try:
        stack.up()
        stack.down()
        owner = drives.stat()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DRIVES_MB}m", "tmpfs", drives], check=True)
        for path in (drives, *(drives / str(number) for number in range(1, 5))):
            path.mkdir(exist_ok=True, mode=0o700)
            subprocess.run(["chown", f"{owner.st_uid}:{owner.st_gid}", path], check=True)
        stack.up()
        project = Project(stack)
        image = project.upload(pictures.jpeg(300, 200))
        assert project.ended(image)["state"] == "done"
        subprocess.run(["fallocate", "-l", f"{DRIVES_MB * 96 // 100}M", drives / "filler"], check=True)
        wait_for(lambda: refused(project), 40)
        assert project.plain.get(project.image(image)["versions"]["original"]["url"]).status_code == 200
        (drives / "filler").unlink()
        assert wait_for(lambda: link(project).status_code == 201, 40)
    finally:
        stack.down()
        subprocess.run(["umount", drives], check=False)
        stack.close()
