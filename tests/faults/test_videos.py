"""A worker of large files that dies, or whose file is deleted: nothing goes on behind it, and the video is done."""

import os
from typing import Any

import httpx
import psutil
import pytest

from tests.appliance.client import Project, wait_for
from tests.appliance.test_files import sent
from tests.appliance.test_videos import ended
from tests.faults.parts import kill, pid
from tests.processors.clips import FAST, clip
from tests.stack import Stack

WORKER = "worker-media-1"


def encoders(stack: Stack) -> list[psutil.Process]:
    """The ffmpeg processes of the worker."""
    return [one for one in psutil.Process(pid(stack, WORKER)).children(recursive=True) if "ffmpeg" in _name(one)]


def _name(process: psutil.Process) -> str:
    """Empty once it has ended: those of the steps before come and go."""
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def under_way(project: Project) -> tuple[str, psutil.Process]:
    """A video that is being transcoded, and by which process."""
    file_id = sent(project, "long.mp4", clip(*FAST, pattern="testsrc2=size=1280x720:rate=30:duration=10"))

    def look() -> Any:
        return project.api.get(f"/progress/{file_id}").json()["step"] == "transcode" and encoders(project.stack)

    [worked] = wait_for(look, 60)
    return file_id, worked


@pytest.mark.parametrize("how", [pytest.param("delete", marks=pytest.mark.long), "cancel"])
def test_deleting_or_cancelling_a_video_ends_the_work_on_it(mortal: Stack, how: str) -> None:
    project = Project(mortal)
    file_id, worked = under_way(project)
    if how == "delete":
        assert project.api.delete(f"/files/{file_id}").status_code == 204
    else:
        cancelled = project.api.post(f"/files/{file_id}/cancel").json()
        assert (cancelled["state"], cancelled["error"]["code"]) == ("error", "cancelled")
    wait_for(lambda: not worked.is_running(), 10)  # it is noticed when the lease is to be renewed
    wait_for(lambda: not os.listdir(mortal.data / "scratch" / WORKER), 10)


@pytest.mark.long
def test_a_worker_that_is_killed_leaves_nothing_and_the_video_is_done(mortal: Stack) -> None:
    project = Project(mortal)
    file_id, worked = under_way(project)
    kill(mortal, WORKER)
    wait_for(lambda: not worked.is_running(), 10)
    poster = project.api.get(f"/files/{file_id}").json()["versions"]["poster"]
    assert httpx.get(poster["url"]).status_code == 200
    file = ended(project, file_id, 90)
    assert file["state"] == "done", file["error"]
    assert len([event for event in project.events() if event["state"] == "done"]) == 1
