"""Rooms: who is in them sees them, and nobody else knows of them."""

from tests.chats.people import House, Person


def test_a_chat_is_seen_by_who_is_in_it(house: House, anna: Person, ben: Person, chat: str) -> None:
    told = anna.api.get(f"/chats/{chat}").json()
    assert (told["chat_id"], told["title"], told["read_seq"]) == (chat, "Ferien", 0)
    assert anna.api.get(f"/chat/{chat}").json() == told
    assert [one["chat_id"] for one in anna.api.get("/chats").json()["chats"]] == [chat]
    members = anna.api.get(f"/chats/{chat}/members").json()["members"]
    assert {one["user_id"] for one in members} == {anna.id, ben.id}
    stranger = house.person("eve")
    for path in ("", "/members", "/messages"):
        assert stranger.api.get(f"/chats/{chat}{path}").status_code == 404
    assert stranger.api.get("/chats").json()["chats"] == []
    assert stranger.api.post(f"/chats/{chat}/messages", json={"text": "hello"}).status_code == 404
    assert stranger.api.post(f"/chats/{chat}/files", json={"filename": "a.jpg"}).status_code == 404


def test_its_folders_are_made_with_it(house: House, chat: str) -> None:
    told = house.server.get(f"/folders/chats/{chat}").json()["folders"]
    names = ("bundles", "documents", "images", "temporary", "videos")
    assert [one["path"] for one in told] == [f"chats/{chat}/{name}" for name in names]
    for name in names:
        assert house.server.get(f"/folders/chats/{chat}/{name}").json() == {"files": [], "next_cursor": None}


def test_people_come_and_go(house: House, anna: Person, ben: Person, chat: str) -> None:
    eve = house.person("eve")
    for _ in range(2):
        assert house.server.put(f"/chats/{chat}/members/{eve.id}").status_code == 204
    eve.say(chat, "hello")
    assert anna.api.put(f"/chats/{chat}/members/{eve.id}").status_code == 403
    assert anna.api.delete(f"/chats/{chat}/members/{eve.id}").status_code == 403
    for _ in range(2):
        assert house.server.delete(f"/chats/{chat}/members/{eve.id}").status_code == 204
    assert eve.api.get(f"/chats/{chat}/messages").status_code == 404
    assert ben.api.delete(f"/chats/{chat}/members/{ben.id}").status_code == 204
    assert ben.api.get(f"/chats/{chat}").status_code == 404
    assert [one["author"] for one in anna.messages(chat)] == [eve.id], "what was said stays"


def test_a_user_may_make_one_and_is_in_it(anna: Person, ben: Person) -> None:
    chat = anna.api.post("/chats/", json={"title": "us", "members": [ben.id]}).json()["chat_id"]
    assert ben.api.get(f"/chats/{chat}").status_code == 200
    assert anna.api.delete(f"/chats/{chat}").status_code == 403


def test_what_can_not_be_a_chat_is_refused(house: House, anna: Person) -> None:
    for wanted in ({"title": " "}, {"title": "a", "members": ["no user!"]}, {"title": "a", "id": "/"}, {}):
        assert house.server.post("/chats/", json=wanted).status_code == 400, wanted
    house.chat(anna, id=f"mine-{anna.id}")
    answer = house.server.post("/chats/", json={"title": "again", "id": f"mine-{anna.id}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_chat_is_deleted_with_all_that_is_in_it(house: House, anna: Person, chat: str) -> None:
    anna.say(chat, "hello")
    assert house.server.delete(f"/chats/{chat}").status_code == 204
    for path in ("", "/messages"):
        assert anna.api.get(f"/chats/{chat}{path}").status_code == 404
    assert anna.api.post(f"/chats/{chat}/messages", json={"text": "hello"}).status_code == 404
    assert anna.api.get("/chats").json()["chats"] == []


def test_how_far_one_has_read_never_goes_back(anna: Person, chat: str) -> None:
    for text in ("one", "two", "three"):
        anna.say(chat, text)
    head = anna.api.get(f"/chats/{chat}").json()["seq"]
    for seq, read in ((2, 2), (1, 2), (head, head), (head + 100, head)):
        assert anna.api.put(f"/chats/{chat}/read", json={"seq": seq}).status_code == 204
        assert anna.api.get(f"/chats/{chat}").json()["read_seq"] == read
    for seq in (-1, 1 << 63, 1 << 70):
        assert anna.api.put(f"/chats/{chat}/read", json={"seq": seq}).status_code == 400
