"""What is deleted is gone: every version of every object, whatever else was going on."""

import time

import httpx

from storage import layout
from storage.objects import Objects
from tests.appliance import pictures
from tests.appliance.client import Project, heard, listening, wait_for
from tests.appliance.storage import objects_of
from tests.faults.parts import frozen
from tests.faults.test_hangs import decoders

SMALL = pictures.jpeg(200, 150)


def left(objects: Objects, project: Project, image_id: str = "") -> list[str]:
    """Every object version and delete marker that is left of an image, or of the whole project."""
    prefix = f"projects/{project.id}/"
    return [
        f"{bucket}/{stat.key}@{stat.version_id}"
        for bucket in (layout.ORIGINALS, layout.VERSIONS)
        for stat in objects.list(bucket, prefix, versions=True)
        if image_id in stat.key
    ]


def test_deleted_image_is_gone_from_storage_and_its_links_answer_404(project: Project) -> None:
    objects = objects_of(project.stack)
    image_id = project.upload(SMALL)
    links = [version["url"] for version in project.ended(image_id)["versions"].values()]
    assert len(left(objects, project, image_id)) == 5
    with project.socket() as socket:
        listening(socket)
        assert project.api.delete(f"/images/{image_id}").status_code == 204
        told = heard(socket, lambda message: message["type"] == "erased")
    assert [(event["type"], event["state"]) for event in told] == [("deleted", None), ("erased", None)]
    assert left(objects, project, image_id) == []
    assert {httpx.get(link).status_code for link in links} == {404}
    assert project.api.get(f"/images/{image_id}").status_code == 404
    assert project.api.get(f"/projects/{project.id}/images").json()["images"] == []
    assert project.api.delete(f"/images/{image_id}").status_code == 404


def test_deleted_at_any_moment_nothing_is_left(project: Project) -> None:
    """Before the upload, right after it, and while it is being developed."""
    objects = objects_of(project.stack)
    large = pictures.jpeg(3000, 2000)
    images = []
    for pause in (None, 0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
        link = project.link()
        if pause is not None:
            project.send(link, large)
            time.sleep(pause)
        assert project.api.delete(f"/images/{link['image_id']}").status_code == 204
        if pause is None:
            assert project.send(link, SMALL).status_code == 201
        images.append(link["image_id"])

    def erased() -> set[str]:
        return {event["image_id"] for event in project.events() if event["type"] == "erased"}

    wait_for(lambda: erased() == set(images), 60)  # which is told once nothing is there
    wait_for(lambda: not left(objects, project), 60)
    time.sleep(1)
    assert left(objects, project) == []


def test_deleted_while_it_is_developed_nothing_is_left(project: Project) -> None:
    objects = objects_of(project.stack)
    with frozen(*decoders(project.stack)):
        image = project.upload(SMALL)
        wait_for(lambda: project.image(image)["state"] == "processing")
        assert project.api.delete(f"/images/{image}").status_code == 204
    assert project.api.get(f"/images/{image}").status_code == 404
    wait_for(lambda: project.events()[-1]["type"] == "erased", 60)
    told = [event["state"] or event["type"] for event in project.events()]
    assert told == ["init", "uploaded", "processing", "deleted", "erased"]
    assert left(objects, project) == []
    assert project.ended(project.upload(SMALL))["state"] == "done"
    assert left(objects, project, image) == []


def test_form_replayed_after_deletion_leaves_nothing(project: Project) -> None:
    objects = objects_of(project.stack)
    link = project.link()
    project.send(link, SMALL)
    project.ended(link["image_id"])
    project.api.delete(f"/images/{link['image_id']}")
    for _ in range(3):
        project.send(link, SMALL)
    wait_for(lambda: not left(objects, project), 60)
    assert project.api.get(f"/images/{link['image_id']}").status_code == 404
    assert project.api.post(f"/images/{link['image_id']}/uploaded").status_code == 404


def test_form_replayed_before_and_after_done_changes_nothing(project: Project) -> None:
    objects = objects_of(project.stack)
    link = project.link()
    other = pictures.jpeg(200, 150, seed=9)
    project.send(link, SMALL)
    project.send(link, other)
    done = project.ended(link["image_id"])
    first = httpx.get(done["versions"]["original"]["url"]).content
    assert first in (SMALL, other)
    project.send(link, other if first == SMALL else SMALL)
    originals = wait_for(lambda: len(found := left(objects, project)) == 5 and found)
    assert sum(name.startswith("originals/") for name in originals) == 1
    again = project.image(link["image_id"])["versions"]["original"]
    assert httpx.get(again["url"]).content == first
    assert again["sha256"] == done["versions"]["original"]["sha256"]


def test_deleted_project_goes_with_all_its_bytes(project: Project) -> None:
    objects = objects_of(project.stack)
    for _ in range(3):
        project.ended(project.upload(SMALL))
    project.link()
    assert project.server.delete(f"/projects/{project.id}").status_code == 204
    assert project.server.get(f"/projects/{project.id}").status_code == 404
    assert project.api.get(f"/projects/{project.id}/images").status_code == 404
    wait_for(lambda: not left(objects, project))
    again = wait_for(
        lambda: (a := project.server.post("/projects/", json={"name": "x", "id": project.id})).status_code == 201 and a
    )
    assert again.json()["id"] == project.id
    assert project.api.get(f"/projects/{project.id}/images").json()["images"] == []
