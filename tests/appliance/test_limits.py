"""What storage refuses, and what becomes of a slot nobody used. With forms that run out in seconds."""

import time
from collections.abc import Iterator

import pytest

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.appliance.storage import objects_of
from tests.chats.people import House
from tests.stack import Stack

LIMIT = 100_000


@pytest.fixture(scope="module")
def hasty() -> Iterator[Project]:
    """A project of an appliance whose forms are good for 8 seconds and 100 kB."""
    stack = Stack(DARKROOM_FORM_SECONDS="8", DARKROOM_MAX_IMAGE_BYTES=str(LIMIT), DARKROOM_EXPIRY_GRACE_SECONDS="2")
    try:
        stack.up()
        yield Project(stack)
    finally:
        stack.close()


def test_refused_uploads_end_as_expired_and_late_bytes_are_refused(hasty: Project) -> None:
    over, empty, other, unused = (hasty.link() for _ in range(4))
    assert hasty.send(over, bytes(LIMIT + 1)).status_code in (400, 413)
    assert hasty.send(empty, b"").status_code == 400
    other["params"]["key"] = other["params"]["key"][:-1] + ("0" if other["params"]["key"][-1] != "0" else "1")
    assert hasty.send(other, b"x").status_code == 403
    for link in (over, empty, other, unused):
        ended = hasty.ended(link["image_id"], 40)
        assert ended["state"] == "error"
        assert ended["error"]["code"] == "upload_expired"
        assert ended["versions"]["original"] is None
    assert hasty.send(unused, pictures.jpeg(200, 150)).status_code == 403
    listed = hasty.api.get(f"/projects/{hasty.id}/images", params={"state": "error"}).json()["images"]
    assert len(listed) == 4
    told = {event["image_id"]: event["error"]["code"] for event in hasty.events() if event["state"] == "error"}
    assert set(told.values()) == {"upload_expired"}
    assert list(objects_of(hasty.stack).list("originals", f"projects/{hasty.id}/", versions=True)) == []


def test_exactly_the_limit_is_taken(hasty: Project) -> None:
    data = pictures.jpeg(200, 150)
    data += bytes(LIMIT - len(data))
    done = hasty.ended(hasty.upload(data))
    assert done["state"] == "done"
    assert done["versions"]["original"]["bytes"] == LIMIT


def test_a_form_to_a_chat_has_the_same_limit(hasty: Project) -> None:
    house = House(hasty.stack)
    anna = house.person("anna")
    chat, photo = house.chat(anna), pictures.jpeg(200, 150)
    over = anna.send(chat, photo + bytes(LIMIT + 1 - len(photo)))
    assert (over.status_code, over.json()["code"]) == (413, "too_large")
    assert anna.send(chat, photo + bytes(LIMIT - len(photo))).status_code == 201
    assert len(anna.messages(chat)) == 1
    found = objects_of(hasty.stack).list("originals", f"chats/{chat}/", versions=True)
    assert [stat.size for stat in found] == [LIMIT]


@pytest.mark.long
def test_a_form_to_a_chat_may_take_longer_than_a_slot_is_kept(hasty: Project) -> None:
    """As long as its bytes come: 16 seconds here, where a slot is closed after 10."""
    house = House(hasty.stack)
    anna = house.person("anna")
    chat, photo = house.chat(anna), pictures.jpeg(200, 150)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body = head + photo + bytes(90_000 - len(photo)) + b"\r\n--b--\r\n"
    pieces = [body[at : at + 5000] for at in range(0, len(body), 5000)]

    def slowly() -> Iterator[bytes]:
        for number, piece in enumerate(pieces):
            time.sleep(0.2 if number < 14 else 3)  # a type is only known once 64 KiB are there
            yield piece

    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(len(body))}
    sent = anna.api.post(f"/chat/{chat}/file", content=slowly(), headers=headers, timeout=60)
    assert sent.status_code == 201, sent.text
    wait_for(lambda: anna.state(chat, sent.json()["attachments"][0]["file_id"]) == "done")


@pytest.mark.long
def test_late_bytes_that_storage_acknowledged_are_taken(hasty: Project) -> None:
    """The row expired while the bytes were on their way: they are found and developed all the same."""
    link = hasty.link()
    wait_for(lambda: hasty.image(link["image_id"])["state"] == "error", 40)
    objects_of(hasty.stack, "uploader").put("originals", link["params"]["key"], pictures.jpeg(200, 150), "image/jpeg")
    assert wait_for(lambda: (i := hasty.image(link["image_id"]))["state"] == "done" and i)
