"""How long a chat keeps what was said, and that nothing of it can be deleted while it is held."""

import httpx

from tests.appliance import pictures
from tests.appliance.client import heard, wait_for
from tests.chats.people import House, Person
from tests.faults.behind import behind

REASON = {"reason": "Miller against Meyer, 4 C 12/26"}


def aged(house: House, message: str, days: int) -> None:
    """Makes a message older, as if that long had gone by."""
    query = "UPDATE chat_messages SET created_at = created_at - make_interval(days => $2) WHERE id = $1"
    behind(house.stack).sql(query, message, days)


def logged(house: House, chat: str, what: str) -> list[str]:
    lines = (house.stack.data / "logs" / "api.log").read_text().splitlines()
    return [line for line in lines if what in line and f"chat={chat}" in line]


def refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "legal_hold"), answer.text
    assert "until a server lifts the hold" in answer.json()["detail"]


def test_nothing_is_deleted_of_a_chat_that_is_held(house: House, anna: Person, ben: Person, chat: str) -> None:
    file = anna.upload(chat, pictures.jpeg(60, 40))
    said = anna.say(chat, "evidence", [file])
    forgotten = anna.upload(chat, pictures.jpeg(30, 20))
    held = house.server.put(f"/chats/{chat}/hold", json=REASON)
    assert (held.status_code, held.json()["hold"]["reason"]) == (200, REASON["reason"])
    for who in (house.server, anna.api):
        refused(who.delete(f"/chats/{chat}/messages/{said['message_id']}"))
        refused(who.delete(f"/files/{file}"))
        refused(who.delete(f"/chat/{chat}/file/{file}"))
        refused(who.delete(f"/images/{file}"))
    refused(house.server.delete(f"/chat/{chat}"))
    assert ben.api.delete(f"/chats/{chat}/messages/{said['message_id']}").status_code == 404, "it is not his"
    assert anna.api.delete(f"/files/{forgotten}").status_code == 204, "it was never said"
    assert house.server.delete(f"/users/{anna.id}").status_code == 204
    [there] = ben.messages(chat)
    assert (there["text"], there["author"], there["attachments"][0]["file_id"]) == ("evidence", anna.id, file)
    wait_for(lambda: ben.api.get(f"/files/{file}").json()["state"] == "done")

    for _ in range(2):
        assert house.server.delete(f"/chat/{chat}/hold").status_code == 204
    assert house.server.get(f"/chats/{chat}").json()["hold"] is None
    assert house.server.delete(f"/chats/{chat}/messages/{said['message_id']}").status_code == 204
    assert house.server.delete(f"/chats/{chat}").status_code == 204
    assert house.server.put(f"/chats/{chat}/hold", json=REASON).status_code == 404


def test_a_hold_is_for_servers_to_set_and_to_see(house: House, anna: Person, chat: str) -> None:
    for asked in (anna.api.put(f"/chats/{chat}/hold", json=REASON), anna.api.delete(f"/chats/{chat}/hold")):
        assert asked.status_code == 403
    first = house.server.put(f"/chat/{chat}/hold", json=REASON).json()["hold"]
    again = house.server.put(f"/chat/{chat}/hold", json={"reason": "another"}).json()["hold"]
    assert again == {"reason": "another", "since": first["since"]}
    assert house.server.get(f"/chats/{chat}").json()["hold"] == again
    assert anna.api.get(f"/chats/{chat}").json()["hold"] is None
    assert anna.api.get("/chats").json()["chats"][0]["hold"] is None
    [listed] = [
        one
        for one in house.server.get("/chats", params={"limit": 200, "cursor": chat[:-1]}).json()["chats"]
        if one["chat_id"] == chat
    ]
    assert listed["hold"] == again
    house.server.delete(f"/chats/{chat}/hold")
    told = wait_for(lambda: len(found := logged(house, chat, "legal hold")) == 3 and found)
    assert all('by="tests"' in line or "by=tests" in line for line in told)
    assert ["lifted" in line for line in told] == [False, False, True]
    assert REASON["reason"] in told[0]


def test_what_can_not_be_set_is_refused(house: House, anna: Person, chat: str) -> None:
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "a" * 501}, {"reason": None}, {"because": "a"}):
        assert house.server.put(f"/chats/{chat}/hold", json=body).status_code == 400, body
    for body in ({}, {"days": 0}, {"days": 36_501}, {"days": "a"}, {"days": 1.5}, {"day": 1}):
        assert house.server.put(f"/chats/{chat}/retention", json=body).status_code == 400, body
    for path, body in (("hold", REASON), ("retention", {"days": 1})):
        assert house.server.put(f"/chats/no-chat/{path}", json=body).status_code == 404
    assert house.server.delete("/chats/no-chat/hold").status_code == 404
    told = house.server.get(f"/chats/{chat}").json()
    assert (told["hold"], told["retention_days"]) == (None, None)


def test_what_is_past_its_retention_goes_by_itself(house: House, anna: Person, ben: Person, chat: str) -> None:
    file = anna.upload(chat, pictures.jpeg(60, 40))
    old, young = anna.say(chat, "old", [file]), anna.say(chat, "young")
    assert anna.api.put(f"/chats/{chat}/retention", json={"days": 7}).status_code == 403
    aged(house, old["message_id"], 8)
    with ben.socket(chat) as socket:
        heard(socket, lambda message: message["type"] == "messages")
        kept = house.server.put(f"/chats/{chat}/retention", json={"days": 7})
        assert (kept.status_code, kept.json()["retention_days"]) == (200, 7)
        told = heard(socket, lambda message: message["type"] == "message_deleted")[-1]
    assert (told["message_id"], told["reason"]) == (old["message_id"], "retention")
    assert [one["message_id"] for one in ben.messages(chat)] == [young["message_id"]]
    assert ben.api.get(f"/files/{file}").status_code == 404
    assert anna.api.get(f"/chats/{chat}").json()["retention_days"] == 7
    assert house.server.put(f"/chats/{chat}/retention", json={"days": None}).json()["retention_days"] is None
