"""The whole appliance on one bucket of SeaweedFS, which keeps no versions there and tells of nothing, and on a Postgres
that runs elsewhere.
"""

import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.appliance.client import Project, heard, listening, wait_for
from tests.appliance.pictures import jpeg
from tests.appliance.sending import Sending, large, sha256
from tests.stack import Stack
from tests.strangers.house import NOTHING, Bucket, developed, gone, verified

DATABASE = 'it\'s "ours" @:/ %41 ü'
USER = "some one"
PASSWORD = "p@:/ %41?#&='\"\\ü"


@pytest.fixture(scope="module")
def house(weed, database) -> Iterator[Stack]:
    """Told by a .env file in its data folder, as people write them."""
    quoted = {"name": DATABASE.replace('"', '""'), "password": PASSWORD.replace("'", "''")}
    database.psql("postgres", f"CREATE ROLE \"{USER}\" LOGIN PASSWORD '{quoted['password']}'")
    database.psql("postgres", f'CREATE DATABASE "{quoted["name"]}" OWNER "{USER}"')
    settings = weed.settings(weed.bucket("photos"))
    settings |= {"POSTGRES_SERVER": "127.0.0.1", "POSTGRES_PORT": str(database.port)}
    settings |= {"POSTGRES_DB": DATABASE, "POSTGRES_USER": USER, "POSTGRES_PASSWORD": PASSWORD}
    settings["AWS_ENDPOIN_URL"] = settings.pop("AWS_ENDPOINT_URL")
    made = Stack()
    try:
        made.data.mkdir(0o700)
        (made.data / ".env").write_text("# where it is\n" + "".join(map(line, settings.items())))
        (made.data / ".env").chmod(0o600)
        made.said = made.up()
        yield made
    finally:
        made.close()


def line(setting: tuple[str, str]) -> str:
    name, value = setting
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'{name} = "{escaped}"  # {len(value)} characters\n'


@pytest.fixture
def project(house) -> Project:
    return Project(house)


@pytest.fixture(scope="module")
def bucket(weed) -> Bucket:
    return Bucket(weed.client(), "photos")


def test_what_is_missing_there_is_said_at_the_start_and_by_status(house, weed):
    status = house.verb("status")
    for said in (house.said, status.stdout):
        assert f"storage is the bucket photos at {weed.url}" in said
        assert "it keeps no versions: a form that is sent again" in said
        assert "it does not compare what it gets with its SHA-256" in said
        assert "it tells of nothing that came" in said
        assert "it has one key for all" in said
        assert "it takes no forms" not in said
    assert status.returncode == 0
    names = {part["name"] for part in house.status()["parts"]}
    assert not names & {"postgres", "storage", "buckets"}
    assert {"valkey", "ledger", "api"} <= names


def test_a_photo_goes_in_and_comes_out_and_nothing_of_it_is_left(house, project, bucket):
    photo = jpeg()
    with project.socket() as socket:
        listening(socket)
        image = developed(project, photo)
        events = heard(socket, lambda message: message.get("state") == "done")
    assert [event["state"] for event in events if event["type"] == "state"][-1] == "done"
    for name, version in image["versions"].items():
        got = project.plain.get(version["url"])
        assert got.status_code == 200, name
        assert hashlib.sha256(got.content).hexdigest() == version["sha256"], name
        assert "versionId" not in version["url"]
    assert project.plain.get(image["versions"]["original"]["url"]).content == photo
    # A few words of a browser: a part of it, and not from elsewhere.
    part = project.plain.get(image["versions"]["original"]["url"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, photo[10:20])
    keys = [key for key in bucket.held() if image["image_id"] in key]
    assert len(keys) == 5
    assert {key.split("/")[0] for key in keys} == {"originals", "versions"}
    assert NOTHING in verified(house, "--deep")
    gone(project, image["image_id"], bucket)
    assert NOTHING in verified(house)


def test_without_a_word_of_anybody_the_sweep_finds_it(project):
    image = project.upload(jpeg())
    assert project.ended(image, 60)["state"] == "done"


def test_only_what_was_signed_gets_through(house, project, bucket, weed):
    image = developed(project, jpeg())
    link = urlsplit(image["versions"]["thumb"]["url"])
    other = image["versions"]["original"]["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0")
    assert project.plain.get(other).status_code == 403
    assert project.plain.get(f"{house.url}{link.path}").status_code == 403
    for path in ("/photos/.darkroom-mark", "/.darkroom-mark", "/photos?list-type=2", "/originals?list-type=2"):
        assert project.plain.get(house.url + path).status_code in (403, 404), path
    form = project.link()
    refused = project.send(form | {"params": form["params"] | {"key": "originals/projects/x/images/20260101/y"}}, b"x")
    assert refused.status_code == 403
    with_header = {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    assert httpx.get(image["versions"]["thumb"]["url"], headers=with_header).status_code == 403
    assert not [key for key in bucket.held() if key.endswith("/y")]


def test_a_form_sent_again_is_found_by_its_etag(house, project, bucket):
    """Nothing prevents it there. What was made stays, and whoever reads the original is told, not fooled."""
    photo = jpeg()
    other = photo[:-9] + bytes(7) + photo[-2:]  # of the same size
    form = project.link()
    assert project.send(form, photo).status_code == 201
    project.api.post(f"/images/{form['image_id']}/uploaded")
    image = project.ended(form["image_id"])
    assert image["state"] == "done"
    assert project.send(form, other).status_code == 201
    found = house.verb("verify", "--grace", "0", "--repair", "--yes")
    assert found.returncode == 0, found.stdout
    assert "damaged object versions 1" in found.stdout
    assert "its ETag is not the one that was pinned" in found.stdout
    after = project.image(form["image_id"])
    assert after["error"]["code"] == "object_damaged"
    # The worker sees it as well.
    assert project.api.post(f"/images/{form['image_id']}/retry").status_code == 200
    again = wait_for(lambda: (i := project.image(form["image_id"]))["state"] == "error" and i)
    assert again["error"]["code"] == "object_damaged"
    gone(project, form["image_id"], bucket)
    verified(house)


@pytest.mark.long
def test_a_large_file_goes_through_the_server_and_may_be_shared(house, project, bucket):
    data = large(33 << 20)
    first = Sending(project, data, checksum=sha256(data))
    assert (first.opened["upload"], bool(first.opened["params"])) == (None, True), "links of parts might not be held to"
    assert first.put(data[:-1] + b"!").json()["code"] == "checksum_mismatch"
    assert first.put(data).status_code == 200
    assert first.ended()["state"] == "done"
    second = Sending(project, data, checksum=sha256(data))
    assert second.opened["state"] == "uploaded"
    assert second.ended()["state"] == "done"
    assert project.api.delete(f"/files/{first.id}").is_success
    wait_for(lambda: [event for event in project.events() if event["type"] == "erased"])
    assert httpx.get(second.file()["versions"]["original"]["url"]).content == data
    assert NOTHING in verified(house)
    assert project.api.delete(f"/files/{second.id}").is_success
    wait_for(lambda: not [key for key in bucket.held() if first.id in key or second.id in key])
    wait_for(lambda: not [key for key in bucket.parts() if first.id in key])


@pytest.mark.long
def test_a_form_sent_after_the_deletion_leaves_nothing(project, bucket):
    form = project.link()
    assert project.send(form, jpeg()).status_code == 201
    project.api.post(f"/images/{form['image_id']}/uploaded")
    project.ended(form["image_id"])
    gone(project, form["image_id"], bucket)
    assert project.send(form, jpeg()).status_code == 201
    wait_for(lambda: not [key for key in bucket.held() if form["image_id"] in key], 60)


def test_what_is_too_large_is_refused(project):
    form = project.link()
    answer = project.send(form, b"x" * 100_000_001)
    assert answer.status_code in (400, 413)


@pytest.mark.long
def test_verify_names_what_nobody_explains_and_leaves_the_rest_of_the_bucket_alone(house, bucket, weed):
    for key in ("originals/projects/x/images/20260101/stray", "other/stray"):
        weed.client().put_object("photos", key, io.BytesIO(b"x"), 1)
    found = house.verb("verify", "--grace", "0")
    assert found.returncode == 1
    assert "unexplained object versions 1" in found.stdout
    assert house.verb("verify", "--grace", "0", "--repair", "--yes").returncode == 0
    assert "other/stray" in bucket.held()
    assert not [key for key in bucket.held() if key.startswith("originals/projects/x/")]
    verified(house)


def test_keys_from_outside_are_not_rotated_here(house):
    refused = house.verb("rotate")
    assert refused.returncode == 1
    assert "came from outside" in refused.stderr


@pytest.mark.long
def test_while_it_is_away_links_are_refused_and_nothing_is_lost(house, project, weed):
    sent = project.upload(jpeg())
    weed.daemon.kill()
    try:
        refused = wait_for(
            lambda: (
                (a := project.api.post("/images/", json={"filename": "a", "project_id": project.id}))
                and a.status_code == 503
                and a
            ),
            30,
        )
        assert refused.headers["Retry-After"]
        assert project.api.get(f"/images/{sent}").status_code == 200
    finally:
        weed.daemon.start()
    assert project.ended(sent, 90)["state"] == "done"


@pytest.mark.long
def test_it_starts_again_where_it_was(house, project):
    house.down()
    began = time.monotonic()
    house.up()
    assert time.monotonic() - began < 60
    assert developed(project, jpeg())["state"] == "done"
    verified(house)


@pytest.mark.long
def test_a_backup_of_it_is_drilled_on_parts_of_its_own_and_restored_into_another_bucket(house, project, weed):
    image = developed(project, jpeg())
    # Made by the account that runs the appliance, in its own folder.
    store = str(Path(house.status()["data"]) / "store")
    made = house.verb("backup", "--to", store)
    assert made.returncode == 0, made.stderr
    before = Bucket(weed.client(), "photos").held()
    drilled = house.verb("drill", "--from", store)
    assert drilled.returncode == 0, drilled.stderr
    assert "each is what it was" in drilled.stdout
    assert Bucket(weed.client(), "photos").held() == before
    other = Stack(**weed.settings(weed.bucket("restored")))
    try:
        restored = other.verb("restore", "--from", store)
        assert restored.returncode == 0, restored.stderr
        again = other.verb("restore", "--from", store)
        assert again.returncode == 2, "there are objects already"
        other.up()
        verified(other, "--deep")
        assert {key for key in before if image["image_id"] in key} <= set(Bucket(weed.client(), "restored").held())
    finally:
        other.close()
