"""The brief's flow: a link, a form, four versions, an event."""

import hashlib
import io

import httpx
import pytest
from PIL import Image

from tests.appliance import pictures
from tests.appliance.client import Project, heard

BOXES = {"thumb": (150, 120), "big_thumb": (700, 700), "big_1920": (1920, 1080), "d2500": (2500, 2500)}


def fitted(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    scale = min(box[0] / width, box[1] / height, 1)
    return round(width * scale), round(height * scale)


def test_photo_goes_in_and_versions_and_events_come_out(project: Project) -> None:
    data = pictures.jpeg(3000, 2000)
    with project.socket() as socket:
        hello = heard(socket, lambda message: message["type"] == "hello")[0]
        assert hello["seq"] == 0
        assert hello["first"] == 1
        link = project.link("hello.jpg")
        assert set(link) == {"image_id", "upload_link", "params", "expires_at"}
        assert project.send(link, data).status_code == 201
        events = heard(socket, lambda message: message["state"] == "done")
    assert [event["state"] for event in events] == ["init", "uploaded", "processing", "done"]
    assert [event["seq"] for event in events] == [1, 2, 3, 4]
    assert {event["image_id"] for event in events} == {link["image_id"]}
    assert {event["project_id"] for event in events} == {project.id}
    versions = events[-1]["versions"]
    assert set(versions) == {"original", *BOXES}
    for name, box in BOXES.items():
        answer = httpx.get(versions[name]["url"])
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == versions[name]["sha256"]
        assert len(answer.content) == versions[name]["bytes"]
        image = Image.open(io.BytesIO(answer.content))
        assert image.size == fitted(3000, 2000, box) == (versions[name]["width"], versions[name]["height"])
    original = httpx.get(versions["original"]["url"])
    assert original.content == data
    assert versions["original"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert original.headers["content-disposition"].startswith("attachment")


def test_list_shows_urls_or_with_links_full_the_measures(project: Project) -> None:
    image_id = project.upload(pictures.jpeg())
    done = project.ended(image_id)
    short = project.api.get(f"/projects/{project.id}/images").json()
    assert short["next_cursor"] is None
    assert {"image_id", "state", "project_id", "filename", "created_at", "error", "versions"} <= set(short["images"][0])
    assert all(url.startswith(project.stack.url) for url in short["images"][0]["versions"].values())
    full = project.api.get(f"/projects/{project.id}/images", params={"links": "full"}).json()["images"][0]
    assert full == done
    assert set(full["versions"]["thumb"]) == {"url", "width", "height", "bytes", "content_type", "sha256"}


def test_list_is_paged_newest_first_and_filtered_by_state(project: Project) -> None:
    made = [project.link(f"{number}.jpg")["image_id"] for number in range(5)]
    done = project.upload(pictures.jpeg(300, 200))
    project.ended(done)
    pages, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = project.api.get(f"/projects/{project.id}/images", params=query).json()
        pages.append([image["image_id"] for image in page["images"]])
        if (cursor := page["next_cursor"]) is None:
            break
    assert pages == [[done, made[4]], [made[3], made[2]], [made[1], made[0]]]
    only = project.api.get(f"/projects/{project.id}/images", params={"state": "done"}).json()["images"]
    assert [image["image_id"] for image in only] == [done]
    waiting = project.api.get(f"/projects/{project.id}/images", params={"state": "init"}).json()["images"]
    assert all(image["versions"] == dict.fromkeys(["original", *BOXES]) for image in waiting)
    assert len(waiting) == 5


def test_project_id_is_taken_as_number_or_text_and_returned_as_text(project: Project) -> None:
    made = project.server.post("/projects/", json={"name": "numbered", "id": 424242})
    assert made.status_code in (201, 409)
    for given in (424242, "424242"):
        link = project.server.post("/images/", json={"filename": "a.jpg", "project_id": given})
        assert link.status_code == 201
        image = project.server.get(f"/images/{link.json()['image_id']}").json()
        assert image["project_id"] == "424242"


def test_same_link_comes_back_within_its_window(project: Project) -> None:
    image_id = project.upload(pictures.jpeg(300, 200))
    project.ended(image_id)
    assert project.image(image_id)["versions"] == project.image(image_id)["versions"]


def test_hint_is_checked_and_never_trusted(project: Project) -> None:
    link = project.link()
    early = project.api.post(f"/images/{link['image_id']}/uploaded")
    assert early.status_code == 409
    assert project.image(link["image_id"])["state"] == "init"
    project.send(link, pictures.jpeg(300, 200))
    hinted = project.api.post(f"/images/{link['image_id']}/uploaded")
    assert hinted.status_code == 200
    assert hinted.json()["state"] in ("uploaded", "processing", "done")
    assert project.ended(link["image_id"])["state"] == "done"


@pytest.mark.parametrize("name", pictures.FORMATS)
def test_every_format_is_read(project: Project, name: str) -> None:
    data = pictures.FORMATS[name]()
    done = project.ended(project.upload(data, name))
    assert done["state"] == "done", done["error"]
    width, height = (400, 300) if name == "animated.gif" else (1200, 900)
    assert (done["facts"]["width"], done["facts"]["height"]) == (width, height)
    assert done["facts"]["frames"] == (3 if name == "animated.gif" else 1)
    assert done["versions"]["original"]["bytes"] == len(data)
    kind = "image/webp" if name == "alpha.png" else "image/jpeg"
    for version, box in BOXES.items():
        told = done["versions"][version]
        assert (told["width"], told["height"]) == fitted(width, height, box)
        answer = httpx.get(told["url"])
        assert answer.headers["content-type"] == told["content_type"] == kind
        assert Image.open(io.BytesIO(answer.content)).size == (told["width"], told["height"])
