"""Where storage takes no forms: they go through the API, which checks them and streams them on."""

import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.appliance.client import Project, wait_for
from tests.appliance.pictures import jpeg
from tests.daemons import formless
from tests.stack import Stack
from tests.strangers.house import Bucket, developed, gone, verified

pytestmark = pytest.mark.long

MIB = 1 << 20


@pytest.fixture(scope="module")
def house(weed, tmp_path_factory) -> Iterator[Stack]:
    weed.bucket("formless")
    proxy, url = formless.start(tmp_path_factory.mktemp("formless"), weed.url)
    made = Stack(**weed.settings("formless") | {"AWS_ENDPOINT_URL": url})
    try:
        made.said = made.up()
        yield made
    finally:
        made.close()
        proxy.stop()


@pytest.fixture
def project(house) -> Project:
    return Project(house)


@pytest.fixture(scope="module")
def bucket(weed) -> Bucket:
    return Bucket(weed.client(), "formless")


def test_what_it_costs_is_said(house):
    assert "it takes no forms: uploads go through the API" in house.said


def test_a_photo_goes_in_and_comes_out(house, project, bucket):
    photo = jpeg()
    image = developed(project, photo)
    assert image["state"] == "done"
    assert project.plain.get(image["versions"]["original"]["url"]).content == photo
    verified(house, "--deep")
    gone(project, image["image_id"], bucket)


def test_a_form_sent_again_is_refused(house, project):
    """More than storage could do: the API knows what has come."""
    photo, form = jpeg(), project.link()
    assert project.send(form, photo).status_code == 201
    wait_for(lambda: project.image(form["image_id"])["state"] == "done")
    again = project.send(form, photo[:-9] + bytes(7) + photo[-2:])
    assert again.status_code == 403
    assert "has come already" in again.text
    verified(house)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": "originals/projects/x/images/20260101/01a214e5-071e-7ad8-bf0a-c59858d2ff6e"}, 403),
        ({"x-amz-signature": "0" * 64}, 403),
        ({"x-amz-signature": ""}, 403),
        ({"x-amz-credential": "AKID/20260101/us-east-1/s3/aws4_request"}, 403),
        ({"x-amz-date": "20260101T000000Z"}, 403),
        ({"x-amz-algorithm": "none"}, 403),
        ({"policy": "e30="}, 403),
        ({"acl": "public-read"}, 403),
        ({"success_action_status": "200"}, 403),
        ({"x-amz-meta-long": "x" * 9000}, 400),
    ],
)
def test_a_form_that_was_changed_is_refused(project, bucket, change, status):
    form = project.link()
    before = bucket.held()
    answer = project.send(form | {"params": form["params"] | change}, jpeg())
    assert answer.status_code == status, answer.text
    assert "<Error><Code>" in answer.text
    assert bucket.held() == before


@pytest.mark.parametrize("name", ["key", "policy", "x-amz-signature", "x-amz-date", "x-amz-credential"])
def test_a_form_that_lacks_a_field_is_refused(project, name):
    form = project.link()
    params = {field: value for field, value in form["params"].items() if field != name}
    assert project.send(form | {"params": params}, jpeg()).status_code == 403


def test_what_is_no_form_is_refused(house):
    url = f"{house.url}/originals"
    sent = {"Content-Type": "multipart/form-data; boundary=x"}
    assert httpx.post(url, content=b"--x\r\nnothing", headers=sent).status_code == 400
    assert httpx.post(url, content=b"x" * 100, headers={"Content-Type": "multipart/form-data"}).status_code == 400
    assert httpx.post(url, content=b"x" * 100).status_code == 403
    nothing = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n'
    assert httpx.post(url, content=nothing, headers=sent).status_code == 403


def test_sizes_at_their_edges(project, bucket):
    form = project.link()
    assert project.send(form, b"").status_code == 400
    assert project.send(form, b"x" * 100_000_001).status_code == 400
    assert not [key for key in bucket.held() if form["image_id"] in key]
    assert project.send(form, b"x").status_code == 201


@pytest.mark.parametrize("size", [8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 21 * MIB])
def test_large_files_come_whole(project, bucket, size):
    data = random.Random(size).randbytes(size)
    form = project.link()
    assert project.send(form, data).status_code == 201
    assert bucket.read(form["params"]["key"]) == data
    assert project.ended(form["image_id"])["error"]["code"] == "not_a_picture"


def test_an_upload_that_breaks_off_leaves_nothing(house, project, bucket):
    form = project.link()
    request = httpx.Request("POST", form["upload_link"], data=form["params"], files={"file": ("x", b"x" * 20 * MIB)})
    body = request.read()
    where = urlsplit(form["upload_link"])
    with socket.create_connection((where.hostname, where.port)) as link:
        head = f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\n"
        link.sendall(f"{head}Content-Type: {request.headers['content-type']}\r\n\r\n".encode())
        link.sendall(body[: 15 * MIB])
        time.sleep(1)
        assert bucket.parts(), "some of it is there"
    wait_for(lambda: not bucket.parts(), 60)
    assert not [key for key in bucket.held() if form["image_id"] in key]
    assert project.send(form, jpeg()).status_code == 201
    assert project.ended(form["image_id"])["state"] == "done"


def test_memory_stays_bounded(house, project):
    """Of each upload a part at most is held, however many bytes it has."""
    api = psutil.Process(house.parts()["api"]["pid"])
    before = peak(api)
    for _ in range(2):
        assert project.send(project.link(), bytes(95_000_000)).status_code == 201
    assert peak(api) - before < 80 * MIB


def peak(top: psutil.Process) -> int:
    """The most bytes of memory that each process ever held, added up."""
    status = [Path(f"/proc/{one.pid}/status").read_text() for one in (top, *top.children(recursive=True))]
    return sum(int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) << 10 for text in status)
