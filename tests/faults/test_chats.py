"""Parts killed while people talk: what was answered is there and was told, once and in order; the rest left nothing."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.appliance.client import wait_for
from tests.chats.people import House, Person
from tests.faults.parts import kept_down, kill, wait_well
from tests.faults.talk import Ear, Talk
from tests.faults.uploads import photo
from tests.stack import Stack

PARTS = ("storage", "valkey", "postgres", "api", "intake", "edge")


@pytest.fixture
def house(mortal: Stack) -> House:
    wait_well(mortal)
    return House(mortal)


@pytest.fixture
def anna(house: House) -> Person:
    return house.person("anna")


@pytest.fixture
def ben(house: House) -> Person:
    return house.person("ben")


@pytest.mark.long
def test_each_part_killed_while_people_talk(house: House, anna: Person, ben: Person, seed: int) -> None:
    chance = random.Random(seed)
    assert _talk(house, [anna, ben], chance, chance.sample(PARTS, len(PARTS)), 1.5) >= 2


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", PARTS)
def test_part_killed_again_and_again(house: House, anna: Person, ben: Person, seed: int, part: str) -> None:
    assert _talk(house, [anna, ben], random.Random(f"{seed} {part}"), [part] * 15, 12) >= 2


def _talk(house: House, people: list[Person], chance: random.Random, kills: list[str], gap: float) -> int:
    """People talk while the parts named are killed, at most `gap` seconds apart; then all is as they were answered.
    How many messages that were.
    """
    chat, listener = house.chat(*people), house.person("eve")
    house.server.put(f"/chats/{chat}/members/{listener.id}").raise_for_status()
    ear, talks = Ear(listener, chat), [Talk(person, chat, chance) for person in people]
    wait_for(lambda: all(talk.said for talk in talks))
    for part in kills:
        time.sleep(chance.uniform(0, gap))
        kill(house.stack, part)
    for talk in talks:
        talk.stop()
    wait_well(house.stack)
    said = {message: file for talk in talks for message, file in talk.said.items()}
    unsaid = {message for talk in talks for message in talk.unsaid}
    deleted = {file for talk in talks for file in talk.deleted} | {said[message] for message in unsaid}
    wait_for(lambda: _told(ear, "message_deleted", "message_id") >= unsaid, 60)
    wait_for(lambda: _told(ear, "deleted", "file_id") >= deleted, 60)
    assert _shown(listener, chat) == {message: file for message, file in said.items() if message not in unsaid}
    _settle(listener, chat, deleted)
    ear.stop()
    numbers = [event["seq"] for event in ear.heard]
    assert numbers == sorted(set(numbers)), "each once, in order"
    messages = [event["message_id"] for event in ear.heard if event["type"] == "message"]
    assert sorted(messages) == sorted(said), "all that was said was told, once, and nothing else"
    _every_file_is_what_was_sent(listener, chat, {file: name for talk in talks for file, name in talk.sent.items()})
    found = json.loads(house.stack.verb("verify", "--json", "--deep", "--grace", "0").stdout)
    assert (found["missing"], found["damaged"]) == (0, 0), found
    if found["unexplained"]:  # of forms that storage was killed in the middle of, or its client sent again
        assert house.stack.verb("verify", "--repair", "--yes", "--grace", "0").returncode == 0
        assert house.stack.verb("verify", "--deep", "--grace", "0").returncode == 0
    return len(said)


def _told(ear: Ear, kind: str, what: str) -> set[str]:
    return {event[what] for event in list(ear.heard) if event["type"] == kind}


def _pages(person: Person, chat: str) -> Iterator[dict[str, object]]:
    before: dict[str, str] = {}
    while True:
        page = person.api.get(f"/chats/{chat}/messages", params={"limit": 200, **before}).json()
        yield from page["messages"]
        if page["next_before"] is None:
            return
        before = {"before": page["next_before"]}


def _shown(person: Person, chat: str) -> dict[str, str]:
    return {str(one["message_id"]): one["attachments"][0]["file_id"] for one in _pages(person, chat)}  # type: ignore[index]


def _settle(person: Person, chat: str, deleted: set[str]) -> None:
    """Waits until every file has come to its end, for as long as ever more of them do."""
    left, limit = Counter[str](), time.monotonic() + 60
    while time.monotonic() < limit:
        files = [one["attachments"][0] for one in _pages(person, chat)]  # type: ignore[index]
        wanted = [(file["state"], "deleted" if file["file_id"] in deleted else "done") for file in files]
        before, left = left, Counter(state for state, end in wanted if state != end)
        if not left:
            return
        if left.total() < before.total():
            limit = time.monotonic() + 60
        time.sleep(1)
    pytest.fail(f"files do not come to their end: {left}")


def _every_file_is_what_was_sent(person: Person, chat: str, sent: dict[str, str]) -> None:
    for one in _pages(person, chat):
        file = one["attachments"][0]  # type: ignore[index]
        if file["state"] == "done":
            assert httpx.get(file["versions"]["original"]["url"]).content == photo(sent[file["file_id"]])


class _Slow:
    """A form that stops in the middle of its file until `go_on`."""

    def __init__(self, person: Person, chat: str, data: bytes) -> None:
        head = (
            b'--b\r\nContent-Disposition: form-data; name="client_id"\r\n\r\nmine\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        )
        self._body = head + data + b"\r\n--b--\r\n"
        self._go, self.halfway = threading.Event(), threading.Event()
        self.answer: httpx.Response | None = None
        url, headers = f"/chat/{chat}/file", {"Content-Type": "multipart/form-data; boundary=b"}
        headers["Content-Length"] = str(len(self._body))

        def send() -> None:
            self.answer = person.api.post(url, content=self._halves(), headers=headers, timeout=60)

        self._thread = threading.Thread(target=send, daemon=True)
        self._thread.start()

    def _halves(self) -> Iterator[bytes]:
        half = len(self._body) // 2
        yield self._body[:half]
        self.halfway.set()
        self._go.wait(60)
        yield self._body[half:]

    def go_on(self) -> httpx.Response:
        self._go.set()
        self._thread.join(60)
        assert self.answer is not None
        return self.answer


@pytest.mark.parametrize("part", [pytest.param("storage", marks=pytest.mark.long), "postgres"])
def test_what_is_down_in_the_middle_is_told_and_can_be_tried_again(house: House, anna: Person, part: str) -> None:
    chat, data = house.chat(anna), photo("slow") + bytes(20_000_000)
    slow = _Slow(anna, chat, data)
    assert slow.halfway.wait(30)
    with kept_down(house.stack, part):
        answer = slow.go_on()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    wait_well(house.stack)
    assert anna.messages(chat) == []
    sent = anna.sent(chat, data, client_id="mine")
    assert [one["message_id"] for one in anna.messages(chat)] == [sent["message_id"]]
    file = sent["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "done")
    assert anna.send(chat, data, client_id="mine").json()["message_id"] == sent["message_id"]


@pytest.mark.long
def test_what_is_deleted_while_storage_is_down_is_served_no_more_and_goes(house: House, anna: Person) -> None:
    chat = house.chat(anna)
    said = anna.sent(chat, photo("deleted"), text="words stay")
    file = said["attachments"][0]["file_id"]
    wait_for(lambda: anna.state(chat, file) == "done")
    links = [one["url"] for one in anna.api.get(f"/files/{file}").json()["versions"].values() if one]
    with kept_down(house.stack, "storage"):
        assert anna.api.delete(f"/chat/{chat}/file/{file}").status_code == 204
        time.sleep(3)  # the sweep has tried
        [message] = anna.messages(chat)
        assert (message["text"], message["attachments"][0]["state"]) == ("words stay", "deleting")
        assert "versions" not in message["attachments"][0]
        for path in (f"/chat/{chat}/file/{file}", f"/files/{file}", f"/images/{file}/render?w=64"):
            assert anna.api.get(path).status_code == 404, path
    wait_well(house.stack)
    wait_for(lambda: anna.messages(chat)[0]["attachments"][0]["state"] == "deleted", 60)
    assert {httpx.get(link).status_code for link in links} == {404}
