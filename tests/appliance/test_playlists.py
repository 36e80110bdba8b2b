"""Storyboards and ladders: what a player is given leads it to every file, without a token, and nobody else there."""

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.appliance.client import Project, wait_for
from tests.appliance.settings import wait_in_force
from tests.appliance.test_files import sent
from tests.appliance.test_videos import ended, short
from tests.processors.clips import FFMPEG
from tests.stack import Stack


@pytest.fixture
def ladder(stack: Stack) -> Iterator[None]:
    """The setting is of all files that are worked on from now on, and goes again."""
    assert stack.verb("settings", "set", "video_ladder", "90 180").returncode == 0
    assert stack.verb("settings", "set", "bundle_kinds", "video").returncode == 0
    wait_in_force(stack, "worker-media-1")
    yield
    for key in ("video_ladder", "bundle_kinds"):
        assert stack.verb("settings", "unset", key).returncode == 0
    wait_in_force(stack, "worker-media-1")


def plays(address: str) -> None:
    command = [FFMPEG, "-hide_banner", "-i", address, "-map", "0:V:0", "-f", "null", "-"]
    played = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "frame=   90" in played.stderr, played.stderr[-2000:]
    assert "Duration: 00:00:03" in played.stderr


def cell_of(text: str) -> str:
    """Where the first cell of a storyboard is to be found."""
    return next(line for line in text.splitlines() if "#xywh=" in line).partition("#")[0]


def test_a_player_finds_everything_by_links_that_need_no_token(
    project: Project, stranger: Project, ladder: None, tmp_path: Path
) -> None:
    file = ended(project, sent(project, "a.mp4", short()), 90)
    assert file["state"] == "done", file["error"]
    versions = file["versions"]
    assert {"hls_90", "hls_90_list", "hls_180", "hls_180_list", "hls_master"} <= set(versions)

    storyboard = httpx.get(versions["storyboard_vtt"]["url"])
    assert storyboard.headers["content-type"].startswith("text/vtt")
    assert httpx.get(cell_of(storyboard.text)).content == httpx.get(versions["storyboard"]["url"]).content

    master = versions["hls_master"]["url"]
    plays(master)

    path = master.partition("?")[0]
    assert httpx.get(path).status_code == 401
    assert httpx.get(master[:-2] + "xx").status_code == 403
    assert httpx.get(versions["storyboard_vtt"]["url"].replace("storyboard_vtt", "hls_master")).status_code == 403
    assert stranger.api.get(path).status_code == 404
    assert project.api.get(path).status_code == 200
    assert project.api.get(path.replace("hls_master", "poster")).status_code == 404

    # Its bundle was built without being asked for.
    progress = f"/files/{file['file_id']}/bundle/progress"
    wait_for(lambda: project.api.get(progress).json()["state"] == "done", 60)
    bundle = project.api.get(f"/files/{file['file_id']}/bundle", follow_redirects=True)
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as packed:
        packed.extractall(tmp_path)
    plays(str(tmp_path / "versions/hls_master.m3u8"))
    assert (tmp_path / "versions" / cell_of((tmp_path / "versions/storyboard_vtt.vtt").read_text())).exists()
