"""The whole appliance on a bucket of the Versity gateway, which it made itself: with versions, by https."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.appliance.client import Project, wait_for
from tests.appliance.pictures import jpeg
from tests.daemons import versitygw
from tests.stack import Stack
from tests.strangers.house import NOTHING, Bucket, developed, gone, verified

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def gateway() -> Iterator[versitygw.Gateway]:
    server = versitygw.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def house(gateway) -> Iterator[Stack]:
    made = Stack(**gateway.settings("of-our-making"))
    try:
        made.said = made.up()
        yield made
    finally:
        made.close()


@pytest.fixture
def project(house) -> Project:
    return Project(house)


@pytest.fixture(scope="module")
def bucket(gateway) -> Bucket:
    return Bucket(gateway.client(), "of-our-making")


def test_little_is_missing_there(house, gateway):
    assert f"storage is the bucket of-our-making at {gateway.url}" in house.said
    for missing in ("keeps no versions", "takes no forms", "does not compare", "out of order"):
        assert missing not in house.said


def test_a_photo_goes_in_and_comes_out_and_nothing_of_it_is_left(house, project, bucket):
    photo = jpeg()
    image = developed(project, photo)
    assert image["state"] == "done"
    for name, version in image["versions"].items():
        got = project.plain.get(version["url"])
        assert hashlib.sha256(got.content).hexdigest() == version["sha256"], name
    assert "versionId=" in image["versions"]["original"]["url"]
    assert NOTHING in verified(house, "--deep")
    gone(project, image["image_id"], bucket)
    assert NOTHING in verified(house)


def test_a_form_sent_again_changes_nothing(house, project, bucket):
    photo, form = jpeg(), project.link()
    assert project.send(form, photo).status_code == 201
    project.api.post(f"/images/{form['image_id']}/uploaded")
    image = project.ended(form["image_id"])
    assert project.send(form, photo[:-9] + bytes(7) + photo[-2:]).status_code == 201
    assert project.plain.get(image["versions"]["original"]["url"]).content == photo
    # It is left over, for whoever looks: nothing there tells of it.
    found = house.verb("verify", "--grace", "0")
    assert "unexplained object versions 1" in found.stdout
    assert house.verb("verify", "--grace", "0", "--repair", "--yes").returncode == 0
    assert project.plain.get(image["versions"]["original"]["url"]).content == photo
    verified(house, "--deep")
    assert project.api.post(f"/images/{form['image_id']}/retry").status_code == 409
    gone(project, form["image_id"], bucket)


def test_a_form_sent_after_the_deletion_leaves_nothing(project, bucket):
    form = project.link()
    assert project.send(form, jpeg()).status_code == 201
    project.api.post(f"/images/{form['image_id']}/uploaded")
    project.ended(form["image_id"])
    gone(project, form["image_id"], bucket)
    assert project.send(form, jpeg()).status_code == 201
    wait_for(lambda: not [key for key in bucket.held() if form["image_id"] in key], 60)


def test_without_a_word_of_anybody_the_sweep_finds_it(project):
    assert project.ended(project.upload(jpeg()), 60)["state"] == "done"


def test_only_what_was_signed_gets_through(house, project):
    image = developed(project, jpeg())
    url = image["versions"]["original"]["url"]
    assert project.plain.get(url.partition("?")[0]).status_code == 403
    assert project.plain.get(url.replace("X-Amz-Signature=", "X-Amz-Signature=0")).status_code == 403
    form = project.link()
    other = form["params"] | {"key": form["params"]["key"] + "0"}
    assert project.send(form | {"params": other}, jpeg()).status_code == 403
    verified(house)
