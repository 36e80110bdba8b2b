"""Videos on their whole way: seen early, and told how far they are."""

import io
import json
from collections.abc import Iterator
from typing import Any

import av
import httpx
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.appliance import pictures
from tests.appliance.client import Project, heard, wait_for
from tests.appliance.settings import wait_in_force
from tests.appliance.test_files import link, sent
from tests.processors.clips import FAST, HOURS, LIVE, SPEECH, TONE, claiming, clip

STORYBOARD = {"storyboard", "storyboard_vtt"}
PICTURES = {"thumb", "big_thumb", "poster", *(f"shot_{number:02}" for number in range(1, 6)), "storyboard"}


# Made when they are asked for: every worker of the tests imports every file.
def short() -> bytes:
    return clip(*TONE, *FAST, pattern="testsrc2=size=320x180:rate=30:duration=3")


def long() -> bytes:
    """Slow enough, in a software encoder, for something to happen meanwhile."""
    return clip(*FAST, pattern="testsrc2=size=1280x720:rate=30:duration=20")


def ended(project: Project, file_id: str, seconds: float = 60) -> dict[str, Any]:
    def look() -> Any:
        file = project.api.get(f"/files/{file_id}").json()
        return file["state"] in ("done", "error") and file

    file: dict[str, Any] = wait_for(look, seconds)
    return file


def test_a_video_is_seen_before_it_is_done(project: Project) -> None:
    with project.socket() as socket:
        told = heard(socket, lambda message: message["type"] == "hello")
        file_id = sent(project, "a.mp4", short())
        told += heard(socket, lambda message: message.get("state") == "done", 60)
    file = ended(project, file_id)
    assert (file["state"], file["kind"], file["error"]) == ("done", "video", None)
    assert set(file["versions"]) == {"original", *PICTURES, "storyboard_vtt", "preview", "video"}
    assert all(file["versions"].values())

    first, second = [message for message in told if message["type"] == "preview"]
    assert set(first["versions"]) == {*PICTURES, "storyboard_vtt"}
    assert set(second["versions"]) == {"preview"}
    assert told.index(first) < told.index(second) < len(told) - 1
    assert all(message["seq"] == number for number, message in enumerate(m for m in told if "seq" in m))
    assert set(told[-1]["versions"]) == set(file["versions"])
    percents = [message["percent"] for message in told if message["type"] == "progress"]
    assert percents
    assert percents == sorted(percents)

    thumb = Image.open(io.BytesIO(httpx.get(file["versions"]["thumb"]["url"]).content))
    assert thumb.size == (150, 84)
    video = httpx.get(file["versions"]["video"]["url"])
    assert video.headers["content-type"] == "video/webm"
    assert len(video.content) == file["versions"]["video"]["bytes"]
    assert httpx.get(file["versions"]["original"]["url"]).content == short()
    facts = file["facts"]
    assert (facts["width"], facts["height"], facts["content_type"]) == (320, 180, "video/mp4")
    assert (facts["before"]["size"], facts["after"]["size"]) == (len(short()), len(video.content))
    assert (facts["before"]["codec"], facts["after"]["codec"]) == ("h264", "vp9")
    assert any("transcoded to vp9" in reason for reason in facts["decided"])


def test_progress_is_told_by_percent_and_time_left(project: Project) -> None:
    file_id = sent(project, "long.mp4", long())
    url = f"{project.stack.url.replace('http', 'ws')}/progress/{file_id}/events?ticket={project.ticket()}&after=0"
    with connect(url) as socket:
        other = project.upload(pictures.jpeg(200, 150))  # of which this socket tells nothing
        told = heard(socket, lambda message: message["type"] == "progress" and message["left_seconds"] is not None, 60)
        asked = project.api.get(f"/progress/{file_id}").json()
        told += heard(
            socket, lambda message: message["type"] == "progress" and message["percent"] > told[-1]["percent"]
        )
    assert {message["file_id"] for message in told[1:]} == {file_id}
    progress = [message for message in told if message["type"] == "progress"]
    assert all("seq" not in message for message in progress)
    percents = [message["percent"] for message in progress]
    assert percents == sorted(percents)
    assert 10 <= percents[-1] < 100
    assert (asked["state"], asked["step"], asked["file_id"]) == ("processing", "transcode", file_id)
    assert 10 <= asked["percent"] < 100
    assert asked["left_seconds"] > 0
    assert asked["versions"]["poster"]
    assert asked["versions"]["video"] is None
    assert project.ended(other)["state"] == "done"
    assert project.api.delete(f"/files/{file_id}").status_code == 204


def test_progress_is_its_owners_alone(project: Project, stranger: Project) -> None:
    file_id = link(project, "a.mp4")["file_id"]
    assert stranger.api.get(f"/progress/{file_id}").status_code == 404
    url = f"{project.stack.url.replace('http', 'ws')}/progress/{file_id}/events"
    for ticket in (stranger.ticket(), "", "nonsense"):
        with connect(f"{url}?ticket={ticket}") as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4401
    used = project.ticket()
    for code in (None, 4401):
        with connect(f"{url}?ticket={used}") as socket:
            if code is None:
                assert json.loads(socket.recv(timeout=10))["type"] == "hello"
            else:
                with pytest.raises(ConnectionClosed):
                    socket.recv(timeout=10)
    waiting = project.api.get(f"/progress/{file_id}").json()
    assert (waiting["state"], waiting["percent"], waiting["step"]) == ("init", 0.0, None)


def test_content_decides_on_the_lane(project: Project) -> None:
    named_as_a_picture, named_as_a_video = (
        sent(project, "a.jpg", short()),
        sent(project, "b.mp4", pictures.jpeg(300, 200)),
    )
    assert (ended(project, named_as_a_picture)["kind"], ended(project, named_as_a_video)["kind"]) == ("video", "image")
    broken = [sent(project, "c.mp4", short()[:2000] + bytes(30_000)), sent(project, "d.mp4", b"MZ" + bytes(5000))]
    codes = [ended(project, one)["error"]["code"] for one in broken]
    assert codes[0] in ("not_a_video", "damaged")
    assert codes[1] == "unsupported_kind"


@pytest.fixture
def others(project: Project) -> Iterator[None]:
    """Settings that hold for all videos from now on, and go again."""
    wanted = {"video_codec": "h264", "video_screenshots": 2, "video_preview_seconds": 0, "video_threads": 1}
    for key, value in wanted.items():
        assert project.server.put(f"/settings/{key}", json={"value": value}).status_code == 200
    wait_in_force(project.stack, "worker-media-1")
    yield
    for key in wanted:
        assert project.server.delete(f"/settings/{key}").status_code == 204
    wait_in_force(project.stack, "worker-media-1")


def test_settings_reach_the_work(project: Project, others: None) -> None:
    """On a recording of a browser's, whose header does not say how long it is."""
    recorded = clip(*SPEECH, *LIVE, pattern="testsrc2=size=320x180:rate=30:duration=1", suffix="webm")
    file = ended(project, sent(project, "live.webm", recorded))
    assert file["state"] == "done", file["error"]
    made = {name for name, version in file["versions"].items() if version}
    assert made == {"original", "thumb", "big_thumb", "poster", "shot_01", "shot_02", *STORYBOARD, "video"}
    video = httpx.get(file["versions"]["video"]["url"]).content
    assert b" threads=1 " in video  # as x264 notes it
    with av.open(io.BytesIO(video)) as container:
        assert (container.format.name.split(",")[0], container.streams.video[0].codec.canonical_name) == ("mov", "h264")
    assert file["facts"]["seconds"] == pytest.approx(3, abs=0.2)  # so long is its sound


def test_a_video_that_goes_on_for_days_ends_soon(project: Project) -> None:
    """A small file, and its header claims a second."""
    days = clip(*HOURS, *FAST, pattern="testsrc2=size=64x36:rate=30:duration=1", suffix="matroska")
    file = ended(project, sent(project, "days.mkv", claiming(days, 1.0)), 30)
    assert (file["state"], file["error"]["code"]) == ("error", "too_long")
