"""A file as one body through the server: for clients that can't reach storage."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat
from urllib.parse import urlsplit

import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.sending import LARGE, Sending, large, sha256

DATA = large(9 << 20, 1)  # of which the server sends a part before it has all
PHOTO = pictures.jpeg(300, 200)


def test_a_body_is_streamed_to_storage_and_taken_once(project: Project) -> None:
    data = large(LARGE, 1)
    sending = Sending(project, data, checksum=sha256(data))
    sending.send(1)  # begun in parts, and then storage could not be reached
    answer = sending.put(data)
    assert answer.status_code == 200, answer.text
    file = sending.ended()
    assert (file["state"], file["versions"]["original"]["sha256"]) == ("done", sha256(data))
    assert sending.put(data).status_code == 200, "its answer was lost"
    again = sending.put(data[:-1])
    assert (again.status_code, again.json()["code"]) == (409, "upload_ended")
    wait_for(lambda: not sending.unfinished())
    assert len(sending.stored()) == 1
    assert sending.slots() == 0


def test_a_small_file_of_either_route(project: Project) -> None:
    sending = Sending(project, PHOTO)
    assert sending.put(PHOTO).status_code == 200
    assert sending.put(PHOTO).status_code == 409, "nobody can tell whether it is the same"
    image = project.link()["image_id"]
    assert project.api.put(f"/files/{image}/content", content=PHOTO).status_code == 200
    assert project.ended(image)["state"] == "done"


@pytest.mark.parametrize("length", [None, len(DATA) - 1])
def test_what_was_not_announced_is_refused_and_nothing_is_left(project: Project, length: int | None) -> None:
    said = {"checksum": sha256(PHOTO)} if length is None else {}
    sending = Sending(project, DATA, **said)
    answer = sending.put(DATA[:length])
    assert (answer.status_code, answer.json()["code"]) == (400, "checksum_mismatch" if said else "size_mismatch")
    assert sending.unfinished() == []
    assert sending.stored() == []
    assert sending.file()["state"] == "init"
    assert sending.post("cancel").status_code == 200


def test_a_body_that_is_broken_off_leaves_nothing_and_can_be_sent_again(project: Project) -> None:
    sending = Sending(project, DATA)
    where = urlsplit(project.stack.url)
    headers = {"Authorization": f"Bearer {project.token}", "Content-Length": str(len(DATA))}
    with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)) as connection:
        connection.putrequest("PUT", f"/files/{sending.id}/content")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(DATA[:-1000])
        wait_for(lambda: sending.unfinished())
    wait_for(lambda: not sending.unfinished())
    assert sending.put(DATA).status_code == 200
    assert sending.ended()["state"] == "done"


def test_a_length_is_needed_and_the_largest_file_is_not_exceeded(project: Project) -> None:
    sending = Sending(project, PHOTO)

    def pieces() -> Iterator[bytes]:
        yield PHOTO

    assert sending.put(pieces()).json()["code"] == "length_required"
    assert sending.put(b"").status_code == 400
    image, megabyte = project.link()["image_id"], bytes(1_000_000)
    headers = {"Content-Length": "101000000"}
    answer = project.api.put(f"/files/{image}/content", content=repeat(megabyte, 101), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    where = urlsplit(project.stack.url)
    with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)) as connection:
        connection.putrequest("PUT", f"/files/{image}/content")
        connection.putheader("Content-Length", "50000000001")
        connection.endheaders()
        assert connection.getresponse().status == 413, "by the edge, before it is sent"
