"""Messages with files: said once, seen by the room as they become, gone when they are deleted."""

import json
import uuid

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.appliance import pictures
from tests.appliance.client import heard, wait_for
from tests.chats.people import House, Person

PHOTO = pictures.jpeg(600, 400)


def test_a_picture_appears_at_the_others_with_its_preview(anna: Person, ben: Person, chat: str) -> None:
    with ben.socket(chat) as socket:
        joined = heard(socket, lambda message: message["type"] == "messages")
        assert [message["type"] for message in joined] == ["hello", "messages"]
        assert joined[1]["messages"] == []
        file = anna.upload(chat, PHOTO, "strand.jpg")
        said = anna.say(chat, "look", [file])
        told = heard(socket, lambda message: message.get("state") == "done")
    [message] = [one["message"] for one in told if one["type"] == "message"]
    assert (message["message_id"], message["author"], message["text"]) == (said["message_id"], anna.id, "look")
    assert [one["file_id"] for one in message["attachments"]] == [file]
    assert {one["file_id"] for one in told if "file_id" in one} == {file}
    seqs = [one["seq"] for one in told if "seq" in one]
    assert seqs == sorted(set(seqs))
    thumb = told[-1]["versions"]["thumb"]["url"]
    assert httpx.get(thumb).status_code == 200
    [listed] = ben.messages(chat)
    assert listed["attachments"][0]["state"] == "done"
    assert ben.api.get(f"/files/{file}").json()["state"] == "done"
    assert ben.api.delete(f"/files/{file}").status_code == 403, "it is another member's"


def test_what_no_message_has_is_seen_by_nobody_else(house: House, anna: Person, ben: Person, chat: str) -> None:
    with ben.socket(chat) as socket:
        heard(socket, lambda message: message["type"] == "messages")
        file = anna.upload(chat, PHOTO)
        wait_for(lambda: anna.api.get(f"/files/{file}").json()["state"] == "done")
        assert ben.api.get(f"/files/{file}").status_code == 404
        anna.say(chat, "nothing else")
        told = heard(socket, lambda message: message["type"] == "message")
        assert [message["type"] for message in told] == ["message"]
    assert house.person("eve").api.get(f"/files/{file}").status_code == 404


def test_the_same_is_said_once(anna: Person, ben: Person, chat: str) -> None:
    file, mine = anna.upload(chat, PHOTO), str(uuid.uuid4())
    first = anna.api.post(f"/chats/{chat}/messages", json={"text": "a", "files": [file], "client_id": mine})
    again = anna.api.post(f"/chat/{chat}/messages", json={"text": "a", "files": [file], "client_id": mine})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["message_id"] == again.json()["message_id"]
    assert ben.say(chat, "b", client_id=mine)["author"] == ben.id, "another one's ids are others"
    assert [one["text"] for one in ben.messages(chat)] == ["b", "a"]


def test_what_can_not_be_said_is_refused_and_nothing_is_kept(
    house: House, anna: Person, ben: Person, chat: str
) -> None:
    bens, elsewhere = ben.upload(chat, PHOTO), house.chat(anna)
    other, used = anna.upload(elsewhere, PHOTO), anna.upload(chat, PHOTO)
    anna.say(chat, files=[used])
    wrong = {
        "nothing": ({"text": " "}, 400),
        "too long": ({"text": "a" * 16_001}, 400),
        "too many": ({"files": [str(uuid.uuid4()) for _ in range(21)]}, 400),
        "twice": ({"files": [bens, bens]}, 400),
        "another one's": ({"files": [bens]}, 409),
        "of another chat": ({"files": [other]}, 409),
        "attached": ({"files": [used]}, 409),
        "unknown": ({"text": "a", "files": ["01a1fd40-745d-775e-9958-364e9bfb0770"]}, 409),
        "no id": ({"text": "a", "client_id": ""}, 400),
        "our id": ({"text": "a", "client_id": "file:1"}, 400),
    }
    for what, (wanted, status) in wrong.items():
        answer = anna.api.post(f"/chats/{chat}/messages", json=wanted)
        assert answer.status_code == status, (what, answer.text)
    assert len(anna.messages(chat)) == 1


def test_ten_files_keep_their_order(anna: Person, ben: Person, chat: str) -> None:
    files = [anna.upload(chat, pictures.jpeg(20 + n, 20)) for n in range(10)]
    said = anna.say(chat, files=files[::-1])
    assert [one["file_id"] for one in said["attachments"]] == files[::-1]
    assert [one["file_id"] for one in ben.messages(chat)[0]["attachments"]] == files[::-1]


def test_what_is_deleted_is_gone_for_all_also_for_who_was_away(anna: Person, ben: Person, chat: str) -> None:
    file = anna.upload(chat, PHOTO)
    said = anna.say(chat, "oh no", [file])
    done = wait_for(lambda: (f := ben.api.get(f"/files/{file}").json())["state"] == "done" and f)
    after = ben.api.get(f"/chats/{chat}").json()["seq"]
    path = f"/chats/{chat}/messages/{said['message_id']}"
    assert ben.api.delete(path).status_code == 404, "only its author's to do"
    assert anna.api.delete(path).status_code == 204
    assert anna.api.delete(path).status_code == 404
    assert ben.messages(chat) == []
    assert ben.api.get(f"/files/{file}").status_code == 404
    wait_for(lambda: httpx.get(done["versions"]["thumb"]["url"]).status_code == 404)
    with ben.socket(chat, after) as socket:
        told = heard(socket, lambda message: message["type"] == "message_deleted")
    assert {"deleted", "message_deleted"} <= {message["type"] for message in told}
    assert told[-1]["message_id"] == said["message_id"]
    with ben.socket(chat, 0) as socket:  # all of it once more: what was said then is not told any more
        told = heard(socket, lambda message: message["type"] == "message")
    assert (told[-1]["message"]["deleted"], told[-1]["message"]["text"]) == (True, "")


def test_pages_are_stable_while_new_ones_come(anna: Person, ben: Person, chat: str) -> None:
    for number in range(7):
        anna.say(chat, str(number))
    first = ben.api.get(f"/chats/{chat}/messages", params={"limit": 3}).json()
    anna.say(chat, "new")
    second = ben.api.get(f"/chats/{chat}/messages", params={"limit": 3, "before": first["next_before"]}).json()
    last = ben.api.get(f"/chats/{chat}/messages", params={"limit": 3, "before": second["next_before"]}).json()
    texts = [one["text"] for page in (first, second, last) for one in page["messages"]]
    assert texts == ["6", "5", "4", "3", "2", "1", "0"]
    assert last["next_before"] is None


def test_who_was_away_gets_exactly_what_was_missed_in_order(anna: Person, ben: Person, chat: str) -> None:
    with ben.socket(chat) as socket:
        heard(socket, lambda message: message["type"] == "messages")  # what is said before that is in that list
        anna.say(chat, "0")
        seq = heard(socket, lambda message: message["type"] == "message")[-1]["seq"]
    for number in range(1, 30):
        anna.say(chat, str(number))
    with ben.socket(chat, seq) as socket:
        told = heard(socket, lambda message: message["type"] == "message" and message["message"]["text"] == "29")
    assert [one["message"]["text"] for one in told[1:]] == [str(number) for number in range(1, 30)]
    assert [one["seq"] for one in told[1:]] == list(range(seq + 1, seq + 30))


def test_who_is_taken_out_hears_nothing_more(house: House, anna: Person, ben: Person, chat: str) -> None:
    with ben.socket(chat) as socket:
        heard(socket, lambda message: message["type"] == "messages")
        house.server.delete(f"/chats/{chat}/members/{ben.id}")
        anna.say(chat, "without him")
        with pytest.raises(ConnectionClosed) as closed:
            heard(socket, lambda message: False)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4404
    with ben.socket(chat) as socket, pytest.raises(ConnectionClosed) as closed:
        json.loads(socket.recv(timeout=10))
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4404
