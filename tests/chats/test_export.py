"""A chat as a zip: what was said until it was asked for, every file byte for byte, and a word on what is not there."""

import hashlib
import io
import json
import os
import re
import threading
import zipfile
from contextlib import ExitStack
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest

from appliance.bundles.api import AT_ONCE
from appliance.chats.transcript import path
from storage import layout
from tests.appliance import pictures
from tests.appliance.client import wait_for
from tests.appliance.storage import objects_of
from tests.chats.people import House, Person
from tests.stack import Stack

TEXTS = {"messages.jsonl", "members.json", "missing.json", "index.html", "chat.json"}
LARGE = 48 << 20
BROKEN = b"\xff\xd8\xff\xe0 no picture at all"


class Export:
    """An export as whoever unpacks it sees it."""

    def __init__(self, data: bytes) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        assert self.zip.testzip() is None
        self.names = self.zip.namelist()
        assert len(self.names) == len(set(self.names))
        assert set(self.names) >= TEXTS
        self.messages = [json.loads(line) for line in self.zip.read("messages.jsonl").splitlines()]
        self.attachments = [one for message in self.messages for one in message["attachments"]]
        self.missing = self.json("missing.json")
        self.chat = self.json("chat.json")
        self.page = self.zip.read("index.html").decode()

    def json(self, name: str) -> Any:
        return json.loads(self.zip.read(name))

    def must_be_sound(self) -> None:
        """All that it tells of is in it, and nothing else."""
        lost = {one["path"] for one in self.missing if one["path"]}
        told = {one["path"] for one in self.attachments if one["path"]} - lost
        assert told | TEXTS == set(self.names)
        assert links(self.page) == told
        for one in self.attachments:
            if one["path"] in told and one["sha256"]:
                assert hashlib.sha256(self.zip.read(one["path"])).hexdigest() == one["sha256"]
        counts = {"messages": len(self.messages), "files": len(told), "missing": len(self.missing)}
        assert {name: self.chat[name] for name in counts} == counts


def links(page: str) -> set[str]:
    """What a page leads to, as a browser reads it."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag != "script"
            found.update(unquote(value or "") for name, value in attrs if name in ("href", "src"))

    Reader().feed(page)
    return found


def exported(who: httpx.Client, chat: str) -> Export:
    answer = who.get(f"/chats/{chat}/export")
    assert answer.status_code == 200, answer.text
    return Export(answer.content)


def ended(who: Person, file: str, states: tuple[str, ...] = ("done", "error")) -> dict[str, Any]:
    told: dict[str, Any] = wait_for(lambda: (f := who.api.get(f"/files/{file}").json())["state"] in states and f)
    return told


def lose(stack: Stack, chat: str, file: str) -> None:
    """Removes a file's bytes from storage."""
    key = layout.original_key("chats", chat, "images", UUID(file))
    assert objects_of(stack).purge(layout.ORIGINALS, key)


def test_all_that_was_said_is_in_it_with_every_file(house: House, anna: Person, ben: Person, chat: str) -> None:
    photos = [pictures.jpeg(40 + n, 30) for n in range(3)]
    files = [anna.upload(chat, photo, "Ferien ☀ 1.jpg") for photo in photos]
    for file in files:
        assert ended(anna, file)["state"] == "done"
    broken = anna.upload(chat, BROKEN, "con.jpg")
    assert ended(anna, broken)["state"] == "error"
    anna.say(chat, "look", files[:2])
    gone = ben.say(chat, "oh no", [ben.upload(chat, photos[0])])
    ben.api.delete(f"/chats/{chat}/messages/{gone['message_id']}")
    house.server.post(f"/chats/{chat}/messages", json={"text": "<script>alert('a & b')</script>\n\"quoted\""})
    ben.say(chat, files=[ben.upload(chat, photos[1], "x.jpg")])
    anna.say(chat, "", [broken, files[2]])
    anna.api.delete(f"/files/{files[2]}")
    found = exported(anna.api, chat)
    found.must_be_sound()
    assert [(one["author"], one["text"]) for one in found.messages] == [
        *((anna.id, "look"), (None, "<script>alert('a & b')</script>\n\"quoted\"")),
        *((ben.id, ""), (anna.id, "")),
    ]
    assert [one["path"] for one in found.attachments] == [
        *("files/0001-Ferien ☀ 1.jpg", "files/0002-Ferien ☀ 1.jpg", "files/0003-x.jpg", "files/0004-con.jpg", None)
    ]
    assert [one["state"] for one in found.attachments if one["path"] is None] == ["deleted"]
    assert found.zip.read("files/0002-Ferien ☀ 1.jpg") == photos[1]
    assert found.zip.read("files/0004-con.jpg") == BROKEN
    assert {one.compress_type for one in found.zip.infolist() if one.filename not in TEXTS} == {zipfile.ZIP_STORED}
    assert found.missing == []
    assert {one["user_id"] for one in found.json("members.json")} == {anna.id, ben.id}
    assert (found.chat["chat_id"], found.chat["title"]) == (chat, "Ferien")
    assert found.chat["last_message_id"] == found.messages[-1]["message_id"]
    assert "alert" in found.page
    assert "default-src 'none'" in found.page


def test_it_is_for_a_server_and_for_who_is_in_it(house: House, anna: Person, ben: Person, chat: str) -> None:
    anna.say(chat, "hello")
    assert len(exported(house.server, chat).messages) == 1
    answer = ben.api.get(f"/chat/{chat}/export")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="Ferien.zip"'
    assert house.person("eve").api.get(f"/chats/{chat}/export").status_code == 404
    house.server.delete(f"/chats/{chat}/members/{ben.id}")
    assert ben.api.get(f"/chats/{chat}/export").status_code == 404
    assert house.server.get("/chats/no-chat/export").status_code == 404
    assert exported(house.server, house.chat(title="empty")).messages == []


def test_what_can_not_be_read_is_named_and_nothing_else_is_missing(
    stack: Stack, house: House, anna: Person, chat: str
) -> None:
    photo = pictures.jpeg(50, 40)
    there, gone = anna.upload(chat, photo, "there.jpg"), anna.upload(chat, photo + b" ", "gone.jpg")
    coming = str(anna.link(chat, "coming.jpg")["file_id"])
    for file in (there, gone):
        assert ended(anna, file)["state"] == "done"
    said = anna.say(chat, "three", [gone, coming, there])
    lose(stack, chat, gone)
    found = exported(anna.api, chat)
    found.must_be_sound()
    assert {one["file_id"]: (one["message_id"], one["filename"], one["reason"]) for one in found.missing} == {
        gone: (said["message_id"], "gone.jpg", "object_missing"),
        coming: (said["message_id"], "coming.jpg", "uploading"),
    }
    assert found.zip.read("files/0002-there.jpg") == photo
    assert ended(anna, gone, ("error",))["error"]["code"] == "object_missing", "it is looked for"
    assert {one["reason"] for one in exported(anna.api, chat).missing} == {"object_missing", "uploading"}
    assert "<bdi>gone.jpg</bdi> (not here: it could not be read)" in found.page
    assert "<bdi>coming.jpg</bdi> (not here: uploading)" in found.page


def test_a_file_that_is_lost_while_it_is_read_is_named_and_the_rest_is_there(
    stack: Stack, anna: Person, chat: str
) -> None:
    large, photo = os.urandom(LARGE), pictures.jpeg(50, 40)
    lost, after = anna.upload(chat, large, "large.jpg"), anna.upload(chat, photo)
    for file in (lost, after):
        ended(anna, file)
    anna.say(chat, files=[lost, after])
    with anna.api.stream("GET", f"/chats/{chat}/export") as answer:
        coming = answer.iter_raw()
        data = next(coming)
        lose(stack, chat, lost)
        data += b"".join(coming)
    found = Export(data)
    [missing] = found.missing
    assert (missing["file_id"], missing["reason"]) == (lost, "object_missing")
    read = found.zip.read("files/0001-large.jpg")
    assert 0 < len(read) == missing["bytes_here"] < LARGE
    assert large.startswith(read)
    assert found.zip.read("files/0002-a.jpg") == photo


def test_it_is_sound_while_others_write_and_delete(house: House, anna: Person, ben: Person, chat: str) -> None:
    photo = pictures.jpeg(50, 40)
    before = [
        anna.say(chat, f"before {n}", [] if n % 20 else [anna.upload(chat, photo)]) for n in range(105)
    ]  # of more than one page
    ending = threading.Event()

    def write() -> None:
        number = 0
        while not ending.is_set():
            ben.say(chat, f"after {number}", [ben.upload(chat, photo)] if number % 10 == 0 else [])
            number += 1

    def delete() -> None:
        for one in before[::3]:
            if ending.is_set():
                return
            assert anna.api.delete(f"/chats/{chat}/messages/{one['message_id']}").status_code == 204

    busy = [threading.Thread(target=write), threading.Thread(target=delete)]
    for thread in busy:
        thread.start()
    try:
        found = [exported(house.server, chat) for _ in range(2)]
    finally:
        ending.set()
        for thread in busy:
            thread.join()
    kept = [one["message_id"] for one in before if one not in before[::3]]
    for one in found:
        one.must_be_sound()
        ids = [message["message_id"] for message in one.messages]
        assert ids == sorted(ids)
        assert ids[-1] <= one.chat["last_message_id"]
        assert [id_ for id_ in ids if id_ in kept] == kept
        numbers = [int(text[1]) for message in one.messages if (text := re.match(r"after (\d+)", message["text"]))]
        assert numbers == list(range(len(numbers))), "as of one moment"


def test_who_leaves_early_takes_no_place_along(anna: Person, chat: str) -> None:
    anna.say(chat, files=[anna.upload(chat, os.urandom(8 << 20))])

    def left_early() -> bool:
        """Not so while those that left before are not known to have done so: that is refused as busy."""
        with anna.api.stream("GET", f"/chats/{chat}/export") as answer:
            assert answer.status_code in (200, 503)
            return answer.status_code == 200 and bool(next(answer.iter_raw()))

    for _ in range(20):  # more than are sent at once
        wait_for(left_early)
    wait_for(lambda: anna.api.get(f"/chats/{chat}/export").status_code == 200)


@pytest.mark.long
def test_who_does_not_read_loses_the_place() -> None:
    stack = Stack(DARKROOM_LIVE_SEND_SECONDS="2")
    try:
        stack.up()
        anna = Person(stack, House(stack).server, "anna")
        chat = House(stack).chat(anna)
        anna.say(chat, files=[anna.upload(chat, os.urandom(LARGE))])
        with ExitStack() as idle:
            for _ in range(AT_ONCE):
                answer = idle.enter_context(anna.api.stream("GET", f"/chats/{chat}/export"))
                assert answer.status_code == 200
            refused = anna.api.get(f"/chats/{chat}/export")
            assert (refused.status_code, refused.json()["code"]) == (503, "busy")
            wait_for(lambda: anna.api.get(f"/chats/{chat}/export").status_code == 200)
    finally:
        stack.close()


@pytest.mark.pure
def test_names_stay_where_they_are_unpacked() -> None:
    for name, within in (
        ("a.tar.gz", "0001-a.tar.gz"),
        ("../../etc/passwd", "0001-_.._etc_passwd"),
        ("..", "0001-file"),
        ("", "0001-file"),
        ('a<b>:"c|?*\\d.jpg', "0001-a_b___c____d.jpg"),
        ("line\nbreak\x00.jpg", "0001-linebreak.jpg"),
        ("photo\u202egpj.exe", "0001-photogpj.exe"),
        ("ü" * 200 + ".jpeg", "0001-" + "ü" * 72 + ".jpeg"),
        ("." + "x" * 300, "0001-" + "x" * 150),
    ):
        assert path(1, name) == f"files/{within}"
    assert path(12345, "a") == "files/12345-a"
