"""Files of messages: published, forwarded, deleted, and gone from storage."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx

from storage import layout
from tests.appliance import pictures
from tests.appliance.client import heard, wait_for
from tests.appliance.storage import objects_of
from tests.chats.people import House, Person

PHOTO = pictures.jpeg(600, 400)


def originals(house: House, prefix: str) -> list[tuple[str, str]]:
    found = objects_of(house.stack).list(layout.ORIGINALS, prefix, versions=True)
    return [(stat.key, stat.version_id or "") for stat in found if not stat.marker]


def test_an_upload_is_published_once(anna: Person, ben: Person, chat: str) -> None:
    file = anna.upload(chat, PHOTO)
    path = f"/chat/{chat}/file/{file}"
    assert ben.api.put(path).status_code == 404, "nobody else knows of it"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: anna.api.put(path), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    [message] = ben.messages(chat)
    assert {answer.json()["message_id"] for answer in answers} == {message["message_id"]}
    assert ben.api.put(path).json()["message_id"] == message["message_id"], "the room has it already"
    said = anna.upload(chat, PHOTO)
    first = anna.say(chat, "with words", [said])
    assert anna.api.put(f"/chat/{chat}/file/{said}").json()["message_id"] == first["message_id"]


def test_a_forwarded_file_shares_bytes_and_nothing_else(house: House, anna: Person, ben: Person, chat: str) -> None:
    eve = house.person("eve")
    other = house.chat(anna, eve)
    file = anna.sent(chat, PHOTO, "strand.jpg")["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "done")
    assert eve.api.put(f"/chat/{other}/file/{file}").status_code == 404, "who may not see it can't forward it"
    assert ben.api.put(f"/chat/{other}/file/{file}").status_code == 404, "nor who is not in the other chat"
    first, again = (anna.api.put(f"/chat/{other}/file/{file}") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["message_id"] == again.json()["message_id"]
    [forwarded] = first.json()["attachments"]
    assert anna.api.delete(f"/files/{forwarded['file_id']}").status_code == 204
    anew = anna.api.put(f"/chat/{other}/file/{file}")
    assert anew.status_code == 201, "what was deleted, by whichever name, can be sent again"
    [forwarded] = anew.json()["attachments"]
    copy = forwarded["file_id"]
    assert copy != file
    assert forwarded["filename"] == "strand.jpg"
    wait_for(lambda: eve.state(other, copy) == "done")
    assert len(originals(house, f"chats/{chat}/")) == 1
    assert originals(house, f"chats/{other}/") == [], "the bytes are there once"
    assert eve.api.get(f"/files/{file}").status_code == 404
    assert ben.api.get(f"/files/{copy}").status_code == 404
    assert anna.api.delete(f"/chat/{chat}/file/{file}").status_code == 204
    wait_for(lambda: anna.messages(chat)[0]["attachments"][0]["state"] == "deleted")
    now = eve.api.get(f"/chat/{other}/file/{copy}").json()
    assert httpx.get(now["versions"]["original"]["url"]).content == PHOTO, "its own life goes on"
    assert anna.api.delete(f"/chat/{other}/file/{copy}").status_code == 204
    wait_for(lambda: originals(house, f"chats/{chat}/") == [])
    assert anna.api.put(f"/chat/{other}/file/{copy}").status_code == 404


def test_a_file_of_ones_own_is_forwarded_within_its_quota(house: House, anna: Person, chat: str) -> None:
    link = anna.api.post("/files/", json={"filename": "a.jpg", "user_id": anna.id}).json()
    assert httpx.post(link["upload_link"], data=link["params"], files={"file": PHOTO}).status_code == 201
    wait_for(lambda: anna.api.get(f"/files/{link['file_id']}").json()["state"] == "done")
    assert house.server.put(f"/users/{anna.id}/limits", json={"files": 1}).status_code == 200
    path = f"/chat/{chat}/file/{link['file_id']}"
    over = anna.api.put(path)
    assert (over.status_code, over.json()["code"]) == (429, "quota_reached")
    assert anna.messages(chat) == []
    assert house.server.put(f"/users/{anna.id}/limits", json={"files": 2}).status_code == 200
    message = anna.api.put(path)
    assert message.status_code == 201
    before = house.server.get(f"/chats/{chat}").json()["seq"]
    again = anna.api.put(path)
    assert (again.status_code, again.json()["message_id"]) == (200, message.json()["message_id"]), "it needs no room"
    assert house.server.get(f"/chats/{chat}").json()["seq"] == before, "and nothing is told"
    deleted = anna.api.delete(f"/chats/{chat}/messages/{message.json()['message_id']}")
    assert deleted.status_code == 204
    wait_for(lambda: anna.api.put(path).status_code == 201)


def test_a_deleted_file_is_gone_for_everybody(house: House, anna: Person, ben: Person, chat: str) -> None:
    said = anna.sent(chat, PHOTO, text="look")
    file = said["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "done")
    seen = ben.api.get(f"/chat/{chat}/file/{file}").json()["versions"]
    links = [seen[name]["url"] for name in ("original", "thumb")]
    assert [httpx.get(link).status_code for link in links] == [200, 200]
    before = ben.api.get(f"/chats/{chat}").json()["seq"]
    assert ben.api.delete(f"/chat/{chat}/file/{file}").status_code == 403
    assert [anna.api.delete(f"/chat/{chat}/file/{file}").status_code for _ in range(2)] == [204, 204]
    assert ben.api.get(f"/chat/{chat}/file/{file}").status_code == 404
    [message] = ben.messages(chat)
    assert message["text"] == "look"
    assert message["attachments"][0]["state"] in ("deleting", "deleted")
    with ben.socket(chat, after=before) as socket:  # who was away
        told = heard(socket, lambda one: one["type"] == "deleted")
    assert told[-1]["file_id"] == file
    wait_for(lambda: [httpx.get(link).status_code for link in links] == [404, 404])
    wait_for(lambda: ben.messages(chat)[0]["attachments"][0]["state"] == "deleted")
    assert originals(house, f"chats/{chat}/") == []
    assert house.server.delete(f"/chat/{chat}/file/01a1fd40-745d-775e-9958-364e9bfb0770").status_code == 404


def test_a_file_that_storage_lost_says_so(house: House, anna: Person, ben: Person, chat: str) -> None:
    file = anna.sent(chat, PHOTO)["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "done")
    [place] = originals(house, f"chats/{chat}/")
    with ben.socket(chat) as socket:
        heard(socket, lambda message: message["type"] == "messages")
        objects_of(house.stack).delete_version(layout.ORIGINALS, *place)
        gone = ben.api.get(f"/chat/{chat}/file/{file}")
        assert gone.status_code == 200
        assert (gone.json()["state"], gone.json()["error"]["code"]) == ("error", "object_missing")
        assert gone.json()["versions"]["original"] is None, "no link that leads nowhere"
        told = heard(socket, lambda one: one.get("state") == "error")
    assert told[-1]["error"]["code"] == "object_missing"
    seq = house.server.get(f"/chats/{chat}").json()["seq"]
    assert {ben.state(chat, file) for _ in range(3)} == {"error"}
    [attachment] = anna.messages(chat)[0]["attachments"]
    assert (attachment["state"], attachment["error"]["code"]) == ("error", "object_missing")
    assert attachment["versions"]["original"] is None
    assert house.server.get(f"/chats/{chat}").json()["seq"] == seq, "it is told once"
    assert anna.api.delete(f"/chat/{chat}/file/{file}").status_code == 204
    wait_for(lambda: anna.messages(chat)[0]["attachments"][0]["state"] == "deleted")


def test_who_was_taken_out_gets_no_new_links(house: House, anna: Person, ben: Person, chat: str) -> None:
    sent = ben.sent(chat, PHOTO)["attachments"][0]["file_id"]
    wait_for(lambda: ben.state(chat, sent) == "done")
    assert house.server.delete(f"/chats/{chat}/members/{ben.id}").status_code == 204
    for path in (f"/chat/{chat}/file/{sent}", f"/files/{sent}", f"/files/{sent}/bundle", f"/images/{sent}/render?w=64"):
        assert ben.api.get(path).status_code == 404, path
    assert ben.api.put(f"/chat/{chat}/file/{UUID(sent)}").status_code == 404
    assert ben.api.delete(f"/chat/{chat}/file/{sent}").status_code == 404
    assert anna.state(chat, sent) == "done"


def test_ten_files_at_once_keep_their_order(anna: Person, ben: Person, chat: str) -> None:
    files = [anna.upload(chat, pictures.jpeg(64 + number, 64)) for number in range(10)]
    said = anna.say(chat, "", files)
    assert [one["file_id"] for one in said["attachments"]] == files
    wait_for(lambda: all(one["state"] == "done" for one in ben.messages(chat)[0]["attachments"]))
    assert [one["file_id"] for one in ben.messages(chat)[0]["attachments"]] == files


def test_nobody_gets_the_bytes_of_what_was_never_said(anna: Person, ben: Person, chat: str) -> None:
    """Who knows a checksum has what was said, or one's own; not what another member only uploaded."""
    known = {"filename": "a.jpg", "size": len(PHOTO), "checksum": hashlib.sha256(PHOTO).hexdigest()}
    file = anna.upload(chat, PHOTO)
    wait_for(lambda: anna.api.get(f"/files/{file}").json()["state"] == "done")
    assert ben.api.post(f"/chat/{chat}/files", json=known).json()["state"] == "init"
    assert anna.api.post(f"/chat/{chat}/files", json=known).json()["state"] == "uploaded"
    anna.say(chat, files=[file])
    assert ben.api.post(f"/chat/{chat}/files", json=known).json()["state"] == "uploaded"


def test_a_file_of_a_project_is_none_of_the_chat_with_the_same_id(house: House, anna: Person, chat: str) -> None:
    assert house.server.post("/projects/", json={"name": "same", "id": chat}).status_code == 201
    file = house.server.post("/files/", json={"filename": "a.jpg", "project_id": chat}).json()["file_id"]
    assert house.server.get(f"/files/{file}").status_code == 200
    assert house.server.get(f"/chat/{chat}/file/{file}").status_code == 404
