"""`./ops/upload`: a folder goes in, a broken run is taken up, and what failed is told with its reason."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.stack import CHECKOUT, environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six photos, two of them further down; one that is broken; one file that is no photo."""
    photos = tmp_path / "photos"
    (photos / "more").mkdir(parents=True)
    for number in range(6):
        path = photos / ("more" if number > 3 else "") / f"photo {number}.jpg"
        path.write_bytes(pictures.jpeg(600, 400, seed=number))
    (photos / "broken.jpg").write_bytes(b"no picture at all, whatever its name says")
    (photos / "notes.txt").write_text("not a photo")
    return photos


def command(project: Project, folder: Path, *more: str) -> tuple[list[str], dict[str, str]]:
    verb = str(CHECKOUT / "ops" / "upload")
    words = [verb, "--project", project.id, str(folder), "--data", str(project.stack.data), *more]
    return words, {**environment(), "XDG_STATE_HOME": str(folder.parent / "state")}


def upload(project: Project, folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    words, variables = command(project, folder, *more)
    return subprocess.run(words, env=variables, capture_output=True, text=True, timeout=120)


def test_folder_goes_in_and_what_failed_is_told(project: Project, folder: Path) -> None:
    first = upload(project, folder)
    assert first.returncode == 1
    assert "6 done, 1 failed, 1 files are no photos" in first.stdout
    assert "broken.jpg: " in first.stdout
    assert "developed" in first.stderr
    images = project.api.get(f"/projects/{project.id}/images").json()["images"]
    assert sorted(image["filename"] for image in images if image["state"] == "done") == [
        f"photo {n}.jpg" for n in range(6)
    ]
    again = upload(project, folder, "--json")
    told = json.loads(again.stdout)
    assert (told["done"], [failed["file"] for failed in told["failed"]]) == (6, ["broken.jpg"])
    assert len(project.api.get(f"/projects/{project.id}/images").json()["images"]) == 7


def test_changed_file_is_sent_again_and_only_it(project: Project, folder: Path) -> None:
    (folder / "broken.jpg").unlink()
    assert upload(project, folder).returncode == 0
    time.sleep(0.01)
    (folder / "photo 0.jpg").write_bytes(pictures.jpeg(500, 400))
    assert upload(project, folder).returncode == 0
    assert len(project.api.get(f"/projects/{project.id}/images").json()["images"]) == 7


def test_killed_run_is_taken_up(project: Project, folder: Path) -> None:
    (folder / "broken.jpg").unlink()
    for number in range(6, 40):
        (folder / f"photo {number}.jpg").write_bytes(pictures.jpeg(600, 400, seed=number))
    words, variables = command(project, folder, "--at-once", "1")
    run = subprocess.Popen(words, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listing = f"/projects/{project.id}/images?limit=200"
    wait_for(lambda: len(project.api.get(listing).json().get("images", [])) > 5)
    run.kill()
    run.wait(10)
    assert upload(project, folder).returncode == 0
    images = project.api.get(listing).json()["images"]
    done = {image["filename"] for image in images if image["state"] == "done"}
    assert done == {f"photo {number}.jpg" for number in range(40)}
    assert len(images) <= 42, "at most what was under way when it was killed is sent twice"


def test_elsewhere_with_a_server_key(project: Project, folder: Path) -> None:
    words, variables = command(project, folder, "--url", project.stack.url)
    refused = subprocess.run(words, env=variables, capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0
    assert "DARKROOM_KEY" in refused.stderr
    variables["DARKROOM_KEY"] = project.stack.key
    words[2] = f"{project.id}-new"
    done = subprocess.run(words, env=variables, capture_output=True, text=True, timeout=60)
    assert "6 done, 1 failed" in done.stdout
    assert project.stack.key not in done.stdout + done.stderr


def test_folder_that_is_none(project: Project, tmp_path: Path) -> None:
    answer = upload(project, tmp_path / "nothing")
    assert answer.returncode != 0
    assert "is no folder" in answer.stderr
