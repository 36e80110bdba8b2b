"""Files of any kind that is taken: told apart by their content, with what is made of each."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.appliance import pictures
from tests.appliance.client import Project, heard, listening, wait_for
from tests.processors import locked, papers

PHOTO = pictures.jpeg(300, 200)
PAPER = papers.paper(papers.words("Hello"), papers.words("World"))


def link(project: Project, filename: str, **more: Any) -> dict[str, Any]:
    answer = project.api.post("/files/", json={"filename": filename, "project_id": project.id, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def sent(project: Project, filename: str, data: bytes) -> str:
    opened = link(project, filename)
    assert project.send(opened, data).status_code == 201
    assert opened["progress_id"] == opened["file_id"]
    return str(opened["file_id"])


def ended(project: Project, file_id: str) -> dict[str, Any]:
    return wait_for(lambda: (f := project.api.get(f"/files/{file_id}").json())["state"] in ("done", "error") and f, 30)


def test_a_document_becomes_pictures_and_text(project: Project) -> None:
    with project.socket() as socket:
        listening(socket)
        file_id = sent(project, "letter.pdf", PAPER)
        told = heard(socket, lambda message: message.get("state") == "done")[-1]
    file = ended(project, file_id)
    assert (file["state"], file["kind"], file["error"]) == ("done", "pdf", None)
    assert (file["facts"]["format"], file["facts"]["pages"]) == ("pdf", 2)
    assert list(file["versions"]) == ["original", "thumb", "big_thumb", "big_1920", "d2500", "text"]
    text = file["versions"]["text"]
    assert (text["width"], text["height"], text["content_type"]) == (None, None, "text/plain")
    assert "Hello" in httpx.get(text["url"]).text
    picture = httpx.get(file["versions"]["big_thumb"]["url"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(picture.content)).size == (file["versions"]["big_thumb"]["width"], 700)
    assert httpx.get(file["versions"]["original"]["url"]).content == PAPER
    assert f"/projects/{project.id}/documents/" in file["versions"]["original"]["url"]
    assert told["file_id"] == file_id
    assert set(told["versions"]) == set(file["versions"])


def test_a_small_picture_is_there_before_the_rest(project: Project) -> None:
    with project.socket() as socket:
        listening(socket)
        file_id = sent(project, "a.jpg", PHOTO)
        told = heard(socket, lambda message: message.get("state") == "done")
    assert [message["type"] for message in told[-3:]] == ["state", "preview", "state"]
    early = told[-2]
    assert (early["state"], list(early["versions"])) == ("processing", ["thumb"])
    assert Image.open(io.BytesIO(httpx.get(early["versions"]["thumb"]["url"]).content)).size == (150, 100)
    assert early["versions"]["thumb"] == told[-1]["versions"]["thumb"]
    progress = project.api.get(f"/progress/{file_id}").json()
    assert (progress["state"], progress["percent"], progress["left_seconds"]) == ("done", 100.0, None)


def test_a_picture_is_a_file_and_the_other_way_round(project: Project) -> None:
    of_files, of_images = sent(project, "a.jpg", PHOTO), project.upload(PHOTO)
    assert ended(project, of_files)["versions"].keys() == project.ended(of_images)["versions"].keys()
    assert project.api.get(f"/images/{of_files}").json()["file_id"] == of_files
    assert project.api.get(f"/files/{of_images}").json()["kind"] == "image"
    listed = project.api.get(f"/projects/{project.id}/files").json()["files"]
    assert [one["file_id"] for one in listed] == [of_images, of_files]


def test_content_decides_whatever_the_name_says(project: Project) -> None:
    file = ended(project, sent(project, "photo.jpg", PAPER))
    assert (file["state"], file["kind"]) == ("done", "pdf")
    assert project.api.get(f"/images/{file['file_id']}").status_code == 404
    assert project.api.get(f"/projects/{project.id}/images").json()["images"] == []
    file = ended(project, sent(project, "letter.pdf", PHOTO))
    assert (file["state"], file["kind"]) == ("done", "image")
    assert project.api.get(f"/images/{file['file_id']}").status_code == 200


def test_what_must_be_a_picture_and_is_none_is_an_error(project: Project) -> None:
    image = project.ended(project.upload(PAPER))
    assert (image["state"], image["error"]["code"]) == ("error", "not_a_picture")


def test_other_kinds_are_refused_with_the_list_of_what_is_taken(project: Project) -> None:
    refused = project.api.post("/files/", json={"filename": "a.exe", "project_id": project.id})
    assert (refused.status_code, refused.json()["code"]) == (400, "unsupported_kind")
    assert "pdf: pdf" in refused.json()["errors"][0]["message"]
    file = ended(project, sent(project, "a.pdf", b"MZ" + bytes(2000)))
    assert file["state"] == "error"
    assert file["error"]["code"] == "unsupported_kind"
    assert "pdf: pdf" in file["error"]["message"]


@pytest.mark.parametrize("size", [0, -1, 10**12])
def test_a_size_that_can_not_be_is_refused_before_it_is_sent(project: Project, size: int) -> None:
    body = {"filename": "a.pdf", "project_id": project.id, "size": size}
    refused = project.api.post("/files/", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "size")


def test_complete_retry_and_delete(project: Project) -> None:
    opened = link(project, "letter.pdf", size=len(PAPER))
    assert project.api.post(f"/files/{opened['file_id']}/complete").status_code == 409
    assert project.send(opened, PAPER).status_code == 201
    assert project.api.post(f"/files/{opened['file_id']}/complete").status_code == 200
    file = ended(project, opened["file_id"])
    assert project.api.post(f"/files/{file['file_id']}/retry").status_code == 409
    url = file["versions"]["text"]["url"]
    assert project.api.delete(f"/files/{file['file_id']}").status_code == 204
    assert project.api.get(f"/files/{file['file_id']}").status_code == 404
    wait_for(lambda: httpx.get(url).status_code == 404, 30)


def test_a_document_with_a_password_says_so(project: Project) -> None:
    file = ended(project, sent(project, "secret.pdf", locked.locked("Hello", b"a password")))
    assert (file["state"], file["error"]["code"]) == ("error", "encrypted")
