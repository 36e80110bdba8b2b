"""Bundles: a file with all that was made of it, as one zip that every program can read."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from appliance.bundles.archive import Member, archive
from appliance.bundles.members import members
from appliance.files.service import File
from storage.inspection import Inspector
from tests.appliance import pictures
from tests.appliance.client import Project, heard, listening, wait_for
from tests.appliance.sending import Sending
from tests.appliance.test_files import PAPER, ended, sent

AT = datetime(2026, 11, 26, 12, 0, 2, tzinfo=UTC)


def unpacked(answer: httpx.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    return packed


@pytest.mark.long
def test_the_bundle_of_a_photo_holds_all_of_it_stored_as_it_is(project: Project) -> None:
    data = pictures.jpeg()
    image = project.upload(data, "Ferien ☀ 1.jpg")
    versions = project.ended(image)["versions"]
    answer = project.api.get(f"/files/{image}/bundle")
    packed = unpacked(answer)
    names = {"thumb", "big_thumb", "big_1920", "d2500"}
    assert packed.namelist()[0] == "Ferien ☀ 1.jpg"
    assert set(packed.namelist()[1:]) == {f"versions/{name}.jpg" for name in names}
    assert {one.compress_type for one in packed.infolist()} == {zipfile.ZIP_STORED}
    assert packed.read("Ferien ☀ 1.jpg") == data
    for name in names:
        bytes_ = packed.read(f"versions/{name}.jpg")
        assert hashlib.sha256(bytes_).hexdigest() == versions[name]["sha256"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert ".zip" in answer.headers["content-disposition"]


def test_documents_and_their_text_are_deflated(project: Project) -> None:
    file = sent(project, "letter.pdf", PAPER)
    assert ended(project, file)["state"] == "done"
    packed = unpacked(project.api.get(f"/files/{file}/bundle"))
    kinds = {one.filename: one.compress_type for one in packed.infolist()}
    assert kinds["letter.pdf"] == kinds["versions/text.txt"] == zipfile.ZIP_DEFLATED
    assert kinds["versions/thumb.jpg"] == zipfile.ZIP_STORED
    assert packed.read("letter.pdf") == PAPER


def test_what_was_made_on_request_is_no_part_of_it(project: Project) -> None:
    image = project.upload(pictures.jpeg(400, 300))
    project.ended(image)
    assert project.api.get(f"/images/{image}/render", params={"w": 64, "h": 64}).status_code == 302
    assert len(unpacked(project.api.get(f"/files/{image}/bundle")).namelist()) == 5


def test_it_is_for_who_may_see_the_file_once_that_is_done(project: Project, stranger: Project) -> None:
    waiting = project.link()["image_id"]
    answer = project.api.get(f"/files/{waiting}/bundle")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert stranger.api.get(f"/files/{waiting}/bundle").status_code == 404
    assert project.api.get("/files/01a1fd40-745d-775e-9958-364e9bfb0770/bundle").status_code == 404


def test_several_at_once_are_all_whole_and_who_leaves_early_takes_nothing_along(project: Project) -> None:
    data = pictures.jpeg(3000, 2000)
    image = project.upload(data)
    project.ended(image)

    def left_early() -> bool:
        """Not so while those that left before are not known to have done so: that is refused as busy."""
        with project.api.stream("GET", f"/files/{image}/bundle") as answer:
            assert answer.status_code in (200, 503)
            return answer.status_code == 200 and bool(next(answer.iter_raw()))

    for _ in range(20):  # more than are sent at once
        wait_for(left_early)

    def whole(_: int) -> httpx.Response:
        found: httpx.Response = wait_for(lambda: (a := project.api.get(f"/files/{image}/bundle")).is_success and a)
        return found

    with ThreadPoolExecutor(6) as many:
        for answer in many.map(whole, range(6)):
            assert unpacked(answer).read("hello.jpg") == data


def test_bytes_that_came_with_another_file_are_in_the_bundle(project: Project) -> None:
    photo = pictures.jpeg(600, 400)
    first = Sending(project, photo, "first.jpg")
    assert project.send(first.opened, photo).status_code == 201
    assert first.ended()["state"] == "done"
    second = Sending(project, photo, "second.jpg", checksum=hashlib.sha256(photo).hexdigest())
    assert second.ended()["state"] == "done"
    assert unpacked(project.api.get(f"/files/{second.id}/bundle")).read("second.jpg") == photo


@pytest.mark.pure
def test_names_stay_where_they_are_unpacked() -> None:
    nowhere = Inspector("http://127.0.0.1:1", "access", "secret")
    for name, within in (("..", "file"), (" . ", "file"), (".hidden", ".hidden"), ("a.tar.gz", "a.tar.gz")):
        home = (UUID("01a1fd40-745d-775e-9958-364e9bfb0770"), "projects", "1", "images")
        found = File(*home, "image", name, "done", None, None, {}, AT, "k", "v", 3, None, [])
        assert next(members(nowhere, found)).name == within


def _zeros(size: int) -> Iterator[bytes]:
    piece = bytes(8 << 20)
    for start in range(0, size, len(piece)):
        yield piece[: size - start]


@pytest.mark.long
def test_more_than_four_gigabytes_are_a_zip_that_others_read(tmp_path: Path) -> None:
    """Written as a file with holes, so that it takes no room."""
    size = (4 << 30) + 12345
    target = tmp_path / "large.zip"
    with target.open("wb") as file:
        for piece in archive([Member("large.bin", size, False, lambda: _zeros(size)), _small()], AT):
            if piece.count(0) == len(piece):
                file.seek(len(piece), io.SEEK_CUR)
            else:
                file.write(piece)
    with zipfile.ZipFile(target) as packed:
        assert [one.file_size for one in packed.infolist()] == [size, 5]
        assert packed.read("small.txt") == b"small"


def _small() -> Member:
    return Member("small.txt", 5, True, lambda: iter([b"small"]))


@pytest.mark.pure
def test_equal_members_give_equal_bytes() -> None:
    assert b"".join(archive([_small()], AT)) == b"".join(archive([_small()], AT))


def progress(project: Project, file: str) -> dict[str, Any]:
    answer = project.api.get(f"/files/{file}/bundle/progress")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_bundle_that_is_asked_for_is_built_told_of_and_kept(project: Project) -> None:
    image = project.upload(pictures.jpeg(2000, 1500))
    project.ended(image)
    streamed = project.api.get(f"/files/{image}/bundle").content
    assert progress(project, image) == {
        "file_id": image, "state": "none", "percent": 0.0, "error": None, "bundle": None
    }  # fmt: skip
    with project.socket() as socket:
        listening(socket)
        for _ in range(3):
            asked = project.api.post(f"/files/{image}/bundle")
            assert asked.status_code == 202, asked.text
        told = heard(socket, lambda message: message["type"] == "progress" and message["percent"] == 100.0)
    steps = [message for message in told if message["type"] == "progress"]
    assert {message["step"] for message in steps} == {"bundle"}
    assert {message["file_id"] for message in steps} == {image}
    done = wait_for(lambda: (p := progress(project, image))["state"] == "done" and p)
    assert (done["percent"], done["bundle"]["bytes"]) == (100.0, len(streamed))
    assert done["bundle"]["sha256"] == hashlib.sha256(streamed).hexdigest()
    answer = project.api.get(f"/files/{image}/bundle")
    assert answer.status_code == 302
    kept = httpx.get(answer.headers["location"], headers={"Range": "bytes=100-199"})
    assert (kept.status_code, kept.content) == (206, streamed[100:200])
    assert "attachment" not in kept.headers["content-disposition"] or ".zip" in kept.headers["content-disposition"]
    unpacked(httpx.get(answer.headers["location"]))
    assert "bundle" not in project.image(image)["versions"]
    assert project.api.delete(f"/images/{image}").status_code == 204
    wait_for(lambda: httpx.get(answer.headers["location"]).status_code == 404)


def test_a_bundle_is_built_of_what_is_done_and_for_whom_may_see_it(project: Project, stranger: Project) -> None:
    waiting = project.link()["image_id"]
    for method, path in (("POST", "bundle"), ("GET", "bundle/progress")):
        assert project.api.request(method, f"/files/{waiting}/{path}").status_code == 409
        assert stranger.api.request(method, f"/files/{waiting}/{path}").status_code == 404
