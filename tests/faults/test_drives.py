"""Drives are taken away, or full: links are refused before they are handed out, and nothing is lost."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.appliance.client import Project, wait_for
from tests.faults.conftest import SETTINGS
from tests.faults.parts import kill, wait_well
from tests.faults.trial import Trial
from tests.faults.uploads import AT_ONCE
from tests.faults.volume import Volume
from tests.stack import Stack


@contextmanager
def taken_away(stack: Stack, count: int) -> Iterator[None]:
    """So many drives fail while the block runs: a file is where each folder was."""
    places = [stack.data / "drives" / str(number) for number in range(1, count + 1)]
    for place in places:
        place.rename(place.with_suffix(".away"))
        place.write_text("broken")
    try:
        yield
    finally:
        for place in places:
            place.unlink()
            place.with_suffix(".away").rename(place)


def ask(trial: Trial) -> httpx.Response:
    return trial.project.api.post("/images/", json={"filename": "a.jpg", "project_id": trial.project.id})


@pytest.mark.long
def test_no_write_quorum(mortal: Stack, begin: Callable[..., Trial]) -> None:
    trial = begin(mortal, "storage without write quorum")
    load = trial.uploads(20, 6)
    load.wait(3)
    with taken_away(mortal, 2):
        # The server looks at its drives once a second.
        wait_for(lambda: ask(trial).status_code == 503, 10)
        time.sleep(2)
        slots = trial.behind.sql("SELECT count(*) FROM ledger.assets")
        refused = [ask(trial) for _ in range(10)]
        assert trial.behind.sql("SELECT count(*) FROM ledger.assets") == slots, "slots were used up"
        shown = trial.project.api.get(f"/projects/{trial.project.id}/images")
    trial.over()
    trial.end("2 of 4 drives taken away, links asked for meanwhile, drives given back", left_over=AT_ONCE)
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert shown.status_code == 200, "what is there can be looked at"


def test_without_write_quorum_links_are_refused_and_take_no_slot(mortal: Stack) -> None:
    wait_well(mortal)
    project = Project(mortal)

    def asked() -> list[httpx.Response]:
        """Often enough for both processes to be asked."""
        link = {"filename": "a.jpg", "project_id": project.id}
        return [project.api.post("/images/", json=link) for _ in range(8)]

    with taken_away(mortal, 2):
        wait_for(lambda: {answer.status_code for answer in asked()} == {503}, 20)
        ready = project.plain.get(f"{mortal.url}/readyz")
        before = project.api.get(f"/projects/{project.id}/usage").json()["slots"]
        refused = asked()
        assert project.api.get(f"/projects/{project.id}/usage").json()["slots"] == before
    kill(mortal, "storage")  # it takes back at once only drives that it finds when it starts
    wait_well(mortal)
    assert wait_for(lambda: {answer.status_code for answer in asked()} == {201}, 30)
    assert ready.status_code == 503
    assert [name for name, health in ready.json()["parts"].items() if health != "ok"] == ["storage"]
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)


@pytest.mark.root
def test_disk_full(brittle: tuple[Stack, Volume], begin: Callable[..., Trial]) -> None:
    stack, volume = brittle
    trial = begin(stack, "disk full")
    load = trial.uploads(30, 10)
    load.wait(3)
    answers: Counter[int] = Counter()
    volume.fill()
    try:
        limit = time.monotonic() + 8
        while time.monotonic() < limit:
            answers[ask(trial).status_code] += 1
            time.sleep(0.2)
    finally:
        volume.free()
    trial.over()
    trial.end("drives, ledger and queue on one file system without a free byte, for 8 s", left_over=AT_ONCE)
    assert set(answers) <= {201, 503, 507}, answers
    assert answers[503] + answers[507], "nobody was told"


@pytest.fixture
def filling() -> Iterator[tuple[Stack, list[Volume]]]:
    """An appliance with two of its four drives on file systems of their own, and no limit on how full they may be."""
    stack = Stack(**SETTINGS, DARKROOM_STORAGE_FREE_PERCENT="0")
    drives, volumes = stack.data / "drives", list[Volume]()
    try:
        stack.up()
        stack.down()
        owner = drives.stat()
        for number in "1234":
            shutil.rmtree(drives / number)
            if number in "12":  # larger than a GiB: what is smaller passes for the system's own disk
                volumes.append(Volume(stack.folder / f"{number}.img", drives / number, 1500))
            (drives / number).mkdir(exist_ok=True, mode=0o700)
            os.chown(drives / number, owner.st_uid, owner.st_gid)
        stack.up()
        yield stack, volumes
    finally:
        stack.down()
        for volume in volumes:
            volume.close()
        stack.close()


@pytest.mark.root
@pytest.mark.long
def test_one_drive_full_and_two(filling: tuple[Stack, list[Volume]], begin: Callable[..., Trial]) -> None:
    stack, (one, other) = filling
    trial = begin(stack, "one drive full, then two")
    load = trial.uploads(40, 16)
    load.wait(3)
    acknowledged = []
    try:
        for volume in (one, other):
            before = len(load.acknowledged)
            volume.fill()
            time.sleep(5)
            acknowledged.append(len(load.acknowledged) - before)
    finally:
        one.free()
        other.free()
    trial.over()
    done = f"each without a free byte for 5 s more; {acknowledged[0]} and {acknowledged[1]} acknowledged meanwhile"
    trial.end(done, left_over=AT_ONCE)
    assert acknowledged[0] > 0, "one drive less is no reason to stop"
