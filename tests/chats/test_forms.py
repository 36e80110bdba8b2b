"""A message with its file as one form: looked at before it is stored, said once, and nothing left of what fails."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from storage import layout
from tests.appliance import pictures
from tests.appliance.client import heard, wait_for
from tests.appliance.storage import objects_of
from tests.chats.people import House, Person

PHOTO = pictures.jpeg(600, 400)


def stored(house: House, chat: str) -> int:
    """How many originals of a chat storage holds, seen or not."""
    return len(list(objects_of(house.stack).list(layout.ORIGINALS, f"chats/{chat}/", versions=True)))


def used(house: House, person: Person) -> tuple[int, int]:
    usage = house.server.get(f"/users/{person.id}/usage").json()
    return usage["slots"], usage["files"]


@pytest.mark.parametrize("root", ["chat", "chats"])
def test_a_file_is_sent_and_seen(house: House, anna: Person, ben: Person, chat: str, root: str) -> None:
    with ben.socket(chat) as socket:
        heard(socket, lambda message: message["type"] == "messages")
        answer = anna.send(chat, PHOTO, "strand.jpg", root, text="look", client_id="1")
        assert answer.status_code == 201, answer.text
        told = heard(socket, lambda message: message.get("state") == "done")
    said = answer.json()
    [attachment] = said["attachments"]
    assert (said["text"], said["author"], attachment["filename"]) == ("look", anna.id, "strand.jpg")
    assert attachment["state"] in ("init", "uploaded", "processing", "done")
    assert attachment["path"] == f"/chat/{chat}/file/{attachment['file_id']}"
    assert [one["message"]["message_id"] for one in told if one["type"] == "message"] == [said["message_id"]]
    now = ben.api.get(attachment["path"]).json()
    assert now["state"] == "done"
    original = httpx.get(now["versions"]["original"]["url"])
    assert original.content == PHOTO
    assert original.headers["content-disposition"].startswith("attachment")
    assert "X-Amz-Expires=600" in now["versions"]["thumb"]["url"], "two windows of five minutes"
    assert stored(house, chat) == 1


def test_a_large_one_is_streamed_and_its_fields_may_come_behind(house: House, anna: Person, chat: str) -> None:
    large = PHOTO + bytes(20_000_000)  # what follows a picture is nobody's
    parts = [("file", ("large.jpg", large)), ("text", (None, "behind")), ("client_id", (None, "x"))]
    answer = anna.api.post(f"/chat/{chat}/file", files=parts, timeout=60)
    assert (answer.status_code, answer.json()["text"], answer.json()["client_id"]) == (201, "behind", "x")
    file = answer.json()["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "done")
    assert anna.api.get(f"/files/{file}").json()["versions"]["original"]["bytes"] == len(large)


def test_the_same_client_id_says_it_once(house: House, anna: Person, chat: str) -> None:
    """One after the other, where the id comes behind the file, and ten at once."""
    first = anna.sent(chat, PHOTO, client_id="1")
    again = anna.send(chat, PHOTO, client_id="1")
    late = anna.api.post(f"/chat/{chat}/file", files=[("file", ("a.jpg", PHOTO)), ("client_id", (None, "1"))])
    assert (again.status_code, late.status_code) == (200, 200)
    assert again.json()["message_id"] == late.json()["message_id"] == first["message_id"]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: anna.send(chat, PHOTO, client_id="2"), range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["message_id"] for answer in answers}) == 1
    assert len(anna.messages(chat)) == 2
    wait_for(lambda: stored(house, chat) == 2 and used(house, anna) == (0, 2))


def test_what_is_not_taken_leaves_nothing(house: House, anna: Person, ben: Person, chat: str) -> None:
    """Each has a plain answer, and afterwards there is neither a message nor a byte nor an open slot."""
    eve, gone = house.person("eve"), house.chat(anna)
    assert house.server.delete(f"/chats/{gone}").status_code == 204
    url = f"/chat/{chat}/file"
    plain = anna.api.post(url, content=bytes(20_000_000), headers={"Content-Type": "image/jpeg"}, timeout=60)
    twice = anna.api.post(url, files=[("file", ("a.jpg", PHOTO)), ("file", ("b.jpg", PHOTO))])
    foreign = anna.api.post(url, files=[("room", (None, "x")), ("file", ("a.jpg", PHOTO))])
    unnamed = anna.api.post(url, files=[("file", (None, "text of a field"))])
    cut = _cut(anna, url)
    answers = {
        "no form": (plain, 400, "bad_request"),
        "no file": (anna.send(chat, None, text="a"), 400, "bad_request"),
        "two files": (twice, 400, "bad_request"),
        "a field": (foreign, 400, "bad_request"),
        "no name": (unnamed, 400, "bad_request"),
        "cut off": (cut, 400, "bad_request"),
        "empty": (anna.send(chat, b""), 400, "bad_request"),
        "a program": (anna.send(chat, b"MZ" + bytes(100_000), "a.jpg"), 415, "unsupported_kind"),
        "any bytes": (anna.send(chat, bytes(range(256)) * 40_000, "a.jpg"), 415, "unsupported_kind"),
        "unknown chat": (anna.send("nowhere", PHOTO), 404, "not_found"),
        "no member": (eve.send(chat, PHOTO), 404, "not_found"),
        "deleted chat": (anna.send(gone, PHOTO), 404, "not_found"),
        "long text": (anna.send(chat, PHOTO, text="a" * 16_001), 400, "bad_request"),
        "long id": (anna.send(chat, PHOTO, client_id="a" * 65), 400, "bad_request"),
        "long field": (anna.send(chat, PHOTO, text="a" * 70_000), 400, "bad_request"),
        "no text": (anna.send(chat, PHOTO, text="a\0b"), 400, "bad_request"),
    }
    for what, (answer, status, code) in answers.items():
        assert (answer.status_code, answer.json()["code"]) == (status, code), (what, answer.text)
    assert anna.messages(chat) == []
    wait_for(lambda: stored(house, chat) == 0)
    wait_for(lambda: used(house, anna) == (0, 0))
    assert used(house, eve) == (0, 0)


def _cut(person: Person, url: str) -> httpx.Response:
    """A form that ends in the middle of its file, though as long as it said."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return person.api.post(url, content=head + PHOTO, headers={"Content-Type": "multipart/form-data; boundary=b"})


def test_what_only_decoding_finds_is_the_error_of_the_file(anna: Person, chat: str) -> None:
    said = anna.sent(chat, PHOTO[:2000], "half.jpg")
    file = said["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "error")
    [message] = anna.messages(chat)
    assert message["attachments"][0]["error"]["code"]


def test_a_quota_holds_for_forms_too(house: House, anna: Person, chat: str) -> None:
    """By what came, of which nobody said how much it is."""
    assert house.server.put(f"/users/{anna.id}/limits", json={"bytes": 2 * len(PHOTO)}).status_code == 200
    anna.sent(chat, PHOTO)
    over = anna.send(chat, PHOTO + bytes(len(PHOTO)))
    assert (over.status_code, over.json()["code"]) == (429, "quota_reached")
    anna.sent(chat, PHOTO)
    wait_for(lambda: used(house, anna) == (0, 2) and stored(house, chat) == 2)
    assert len(anna.messages(chat)) == 2


@pytest.mark.parametrize("root", ["chat", "chats"])
def test_a_chat_may_have_limits_of_its_own(house: House, anna: Person, chat: str, root: str) -> None:
    free = house.server.get(f"/{root}/{chat}/usage").json()
    assert (free["files"], free["limits"]["files"]) == (0, 0), "none, unless it is given some"
    limited = house.server.put(f"/{root}/{chat}/limits", json={"files": 1})
    assert (limited.status_code, limited.json()["limits"]["files"]) == (200, 1)
    anna.sent(chat, PHOTO)
    over = anna.send(chat, PHOTO)
    assert (over.status_code, over.json()["code"]) == (429, "quota_reached")
    assert "This chat has 1 files" in over.json()["detail"]
    assert anna.api.post(f"/chat/{chat}/files", json={"filename": "a.jpg"}).status_code == 429
    assert anna.api.put(f"/{root}/{chat}/limits", json={"files": 9}).status_code == 403
    wait_for(lambda: house.server.get(f"/{root}/{chat}/usage").json()["files"] == 1)


def test_a_document_is_known_by_its_content(anna: Person, chat: str) -> None:
    """A container may be of several kinds, and then its name counts; otherwise only the content does."""
    text = anna.sent(chat, b"a,b\n1,2\n3,4\n", "table.csv")["attachments"][0]
    assert text["kind"] == "spreadsheet"
    assert anna.sent(chat, PHOTO, f"{uuid.uuid4()}.pdf")["attachments"][0]["kind"] == "image"
