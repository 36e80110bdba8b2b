"""What one sent to a chat and is in no more: not seen, and not told of, by any other way either."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.appliance import pictures
from tests.appliance.client import heard, wait_for
from tests.chats.people import House, Person

PHOTO = pictures.jpeg(200, 150)
NOT_FOUND = 4404


def _refused(person: Person, file: str) -> int | None:
    """The code that the socket of a file ends with."""
    with person.progress(file) as socket, pytest.raises(ConnectionClosed) as closed:
        heard(socket, lambda message: False, 30)
    return closed.value.rcvd.code if closed.value.rcvd else None


def test_notifications_have_no_links_for_one_who_was_taken_out(
    house: House, anna: Person, ben: Person, chat: str
) -> None:
    file = anna.upload(chat, PHOTO)
    said = anna.say(chat, files=[file])
    wait_for(lambda: anna.api.get(f"/files/{file}").json()["state"] == "done")
    page = anna.api.get("/notifications").json()
    assert page["notifications"][-1]["versions"]["thumb"]["url"]
    assert ben.api.get("/notifications").json()["notifications"] == [], "it is of what one sent"
    assert house.server.delete(f"/chats/{chat}/members/{anna.id}").status_code == 204
    assert anna.api.get("/notifications").json()["notifications"] == []
    assert anna.api.get(f"/files/{file}").status_code == 404
    assert anna.api.get(f"/progress/{file}").status_code == 404
    assert house.server.delete(f"/chats/{chat}/messages/{said['message_id']}").status_code == 204
    [told, *_] = anna.api.get("/notifications", params={"after": page["cursor"]}).json()["notifications"]
    assert (told["file_id"], told["type"]) == (file, "deleted")
    assert "versions" not in told


def test_the_socket_of_a_file_is_for_who_is_in_the_chat(house: House, anna: Person, ben: Person, chat: str) -> None:
    file = anna.upload(chat, PHOTO)
    assert _refused(ben, file) == NOT_FOUND, "no message has it yet"
    said = anna.say(chat, files=[file])
    assert _refused(house.person("eve"), file) == NOT_FOUND
    with ben.progress(file) as socket:
        told = heard(socket, lambda message: message.get("state") == "done")
        assert told[-1]["versions"]["thumb"]["url"]
        assert house.server.delete(f"/chats/{chat}/members/{ben.id}").status_code == 204
        assert _refused(ben, file) == NOT_FOUND
        assert anna.api.delete(f"/chats/{chat}/messages/{said['message_id']}").status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            heard(socket, lambda message: message["type"] == "deleted", 30)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == NOT_FOUND


def test_who_is_in_is_told_that_a_file_is_gone(anna: Person, ben: Person, chat: str) -> None:
    file = anna.upload(chat, PHOTO)
    said = anna.say(chat, files=[file])
    with ben.progress(file) as socket:
        heard(socket, lambda message: message.get("state") == "done")
        assert anna.api.delete(f"/chats/{chat}/messages/{said['message_id']}").status_code == 204
        assert heard(socket, lambda message: message["type"] == "deleted")
