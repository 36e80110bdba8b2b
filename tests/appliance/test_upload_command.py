"""`./ops/upload`: a folder goes in, a broken run is taken up, and what failed is told with its reason."""

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.sending import large
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


@pytest.mark.long
def test_folder_goes_in_and_what_failed_is_told(project: Project, folder: Path) -> None:
    first = upload(project, folder)
    assert first.returncode == 1
    assert "6 done, 1 failed, 1 other files left out" in first.stdout
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


@pytest.mark.long
def test_changed_file_is_sent_again_and_only_it(project: Project, folder: Path) -> None:
    (folder / "broken.jpg").unlink()
    assert upload(project, folder).returncode == 0
    time.sleep(0.01)
    (folder / "photo 0.jpg").write_bytes(pictures.jpeg(500, 400))
    assert upload(project, folder).returncode == 0
    assert len(project.api.get(f"/projects/{project.id}/images").json()["images"]) == 7


def test_another_ledger_at_the_same_address_gets_everything(project: Project, folder: Path) -> None:
    """What the journal says of an appliance that was made anew since, or restored, is asked for, not believed."""
    (folder / "broken.jpg").unlink()
    assert upload(project, folder).returncode == 0
    (journal,) = (folder.parent / "state/darkroom/uploads").iterdir()
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    for entry in entries:
        entry["epoch"] = "another"
        if entry["path"] == "photo 0.jpg":
            entry["image_id"] = str(uuid.uuid4())
    journal.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    assert upload(project, folder).stdout.startswith("6 done, 0 failed")
    names = [image["filename"] for image in project.api.get(f"/projects/{project.id}/images").json()["images"]]
    assert sorted(names) == sorted([f"photo {n}.jpg" for n in range(6)] + ["photo 0.jpg"])


@pytest.mark.long
def test_photo_that_is_deleted_meanwhile_is_not_waited_for(project: Project, folder: Path) -> None:
    """The last that is heard of it is that it is gone."""
    for path in folder.rglob("*.*"):
        if path.name not in ("photo 0.jpg", "photo 1.jpg"):
            path.unlink()
    workers = ("worker-images-1", "worker-images-2")
    for worker in workers:
        project.stack.kill(worker, signal.SIGSTOP)
    words, variables = command(project, folder, "--json")
    run = subprocess.Popen(words, env=variables, stdout=subprocess.PIPE, text=True)
    try:
        listing = f"/projects/{project.id}/images?state=uploaded"
        images = wait_for(lambda: len(i := project.api.get(listing).json().get("images", [])) == 2 and i)
        for image in images:
            assert project.api.delete(f"/images/{image['image_id']}").is_success
        told = json.loads(run.communicate(timeout=30)[0])
    finally:
        for worker in workers:
            project.stack.kill(worker, signal.SIGCONT)
        run.kill()
        run.wait(10)
    assert run.returncode == 1
    assert [failed["reason"] for failed in told["failed"]] == ["It was deleted before it was developed."] * 2


def test_names_from_an_old_disk(project: Project, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are nothing that stops a photo from coming in."""
    folder = os.fsencode(tmp_path / "old") + b"\xe4"
    os.mkdir(folder)
    names = [b"Stra\xdfe.jpg", b"\xff" * 200 + b".jpg", "käse 🧀.jpg".encode()]
    for number, name in enumerate(names):
        with open(folder + b"/" + name, "wb") as file:
            file.write(pictures.jpeg(300, 200, seed=number))
    with open(folder + b"/\xfe.jpg", "wb") as file:
        file.write(b"no picture")
    done = upload(project, Path(os.fsdecode(folder)))
    assert done.stdout.startswith("3 done, 1 failed"), done.stderr
    assert "  \ufffd.jpg: " in done.stdout
    images = project.api.get(f"/projects/{project.id}/images").json()["images"]
    sent = {image["filename"] for image in images}
    assert {"Stra\ufffde.jpg", "käse 🧀.jpg", "\ufffd.jpg"} < sent
    assert max(len(name.encode()) for name in sent) <= 255
    assert all(name.endswith(".jpg") for name in sent)


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


@pytest.mark.long
def test_a_large_photo_is_gone_on_with_in_parts(project: Project, folder: Path) -> None:
    """The upload of the run that was killed comes to its end; and what the project has already is not sent at all."""
    for path in folder.rglob("*.*"):
        path.unlink()
    (folder / "large.jpg").write_bytes(large())
    words, variables = command(project, folder, "--json")
    run = subprocess.Popen(words, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listed = f"/projects/{project.id}/files"
    (begun,) = wait_for(lambda: project.api.get(listed).json().get("files"))
    where = f"/files/{begun['file_id']}/upload"
    wait_for(lambda: len(project.api.get(where).json()["missing"]) < 5)
    run.kill()
    run.wait(10)
    assert json.loads(upload(project, folder, "--json").stdout)["done"] == 1
    (file,) = project.api.get(listed).json()["files"]
    assert (file["file_id"], file["state"]) == (begun["file_id"], "done")
    shutil.rmtree(folder.parent / "state")
    assert json.loads(upload(project, folder, "--json").stdout)["done"] == 1
    assert len(project.api.get(listed).json()["files"]) == 2
    assert project.api.get(f"/projects/{project.id}/usage").json()["files"] == 2


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


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "photos.lan", "http://no-such-host.invalid"])
def test_address_where_nothing_is(project: Project, folder: Path, url: str) -> None:
    words, variables = command(project, folder, "--url", url)
    refused = subprocess.run(
        words, env={**variables, "DARKROOM_KEY": "dk_x"}, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "Is its address right" in refused.stderr


def test_interrupt_is_answered_in_a_sentence(project: Project, folder: Path) -> None:
    for number in range(6, 60):
        (folder / f"photo {number}.jpg").write_bytes(pictures.jpeg(600, 400, seed=number))
    words, variables = command(project, folder, "--at-once", "1")
    with subprocess.Popen(words, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        wait_for(lambda: project.api.get(f"/projects/{project.id}/images").json().get("images"))
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=30)[1]
    assert run.returncode == 130
    assert "goes on where it was" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_nothing_at_once_is_no_number(project: Project, folder: Path, number: str) -> None:
    refused = upload(project, folder, f"--at-once={number}")
    assert refused.returncode == 2
    assert "1 to 100" in refused.stderr


def test_folder_that_is_none(project: Project, tmp_path: Path) -> None:
    answer = upload(project, tmp_path / "nothing")
    assert answer.returncode != 0
    assert "is no folder" in answer.stderr
