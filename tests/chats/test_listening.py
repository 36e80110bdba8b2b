"""Who listens in a room: told together, each from where they stand, and only as long as they are in it."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.appliance.client import heard, wait_for
from tests.chats.people import House, Person
from tests.stack import Stack


def joined(socket: ClientConnection) -> None:
    heard(socket, lambda message: message["type"] == "messages")


def said(told: list[dict[str, Any]]) -> list[str]:
    return [one["message"]["text"] for one in told if one["type"] == "message"]


def test_who_types_is_told_to_the_others_and_kept_nowhere(house: House, anna: Person, ben: Person, chat: str) -> None:
    seq = anna.api.get(f"/chats/{chat}").json()["seq"]
    with anna.socket(chat) as hers, ben.socket(chat, root="chats") as his:
        joined(hers)
        joined(his)
        for root in ("chats", "chat"):
            assert anna.api.post(f"/{root}/{chat}/typing").status_code == 204
        told = heard(his, lambda message: message["type"] == "typing")
        assert told == [{"type": "typing", "user_id": anna.id}]
        anna.say(chat, "typed")
        assert [one["type"] for one in heard(hers, lambda message: message["type"] == "message")] == ["message"]
    with ben.socket(chat, seq) as again:
        told = heard(again, lambda message: message["type"] == "message")
        assert [one["type"] for one in told] == ["hello", "message"]
    assert house.person("eve").api.post(f"/chats/{chat}/typing").status_code == 404
    assert house.server.post(f"/chats/{chat}/typing").status_code == 400
    assert anna.api.post("/chats/nowhere/typing").status_code == 404


def test_who_is_taken_out_in_the_middle_hears_nothing_that_was_said_later(
    house: House, anna: Person, ben: Person, chat: str
) -> None:
    with anna.socket(chat) as hers, ben.socket(chat) as his:
        joined(hers)
        joined(his)
        spoken: list[str] = []
        taken_out = threading.Event()

        def talk() -> None:
            """Some of it is said before, and some after."""
            while len(spoken) < 40 or not taken_out.is_set():
                spoken.append(anna.say(chat, str(len(spoken)))["text"])
            spoken.append(anna.say(chat, "the last")["text"])

        talking = threading.Thread(target=talk)
        talking.start()
        for socket in (hers, his):
            heard(socket, lambda message: message["type"] == "message" and message["message"]["text"] == "10")
        deleted = house.server.delete(f"/chats/{chat}/members/{ben.id}")
        taken_out.set()
        assert deleted.status_code == 204
        his_told: list[dict[str, Any]] = []
        with pytest.raises(ConnectionClosed) as closed:
            heard(his, lambda message: bool(his_told.append(message)))
        talking.join()
        her_told = heard(hers, lambda message: said([message]) == ["the last"])
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4404
    [left] = [one["seq"] for one in her_told if one["type"] == "member_left"]
    assert all(one["seq"] <= left for one in his_told)
    assert said(her_told) == spoken[11:]
    assert said(his_told) == said(her_told)[: len(said(his_told))]


def test_who_comes_back_in_may_listen_again_from_where_that_one_was(
    house: House, anna: Person, ben: Person, chat: str
) -> None:
    seq = anna.api.get(f"/chats/{chat}").json()["seq"]
    with anna.socket(chat) as hers:
        joined(hers)
        anna.say(chat, "before")
        house.server.delete(f"/chats/{chat}/members/{ben.id}")
        house.server.put(f"/chats/{chat}/members/{ben.id}")
        anna.say(chat, "after")
        with ben.socket(chat, seq) as his:
            told = heard(his, lambda message: message["type"] == "message" and message["message"]["text"] == "after")
        assert [one["type"] for one in told] == ["hello", "message", "member_left", "member_joined", "message"]


class Ear:
    """One who listens, comes back where the connection is lost, and keeps what was told."""

    def __init__(self, person: Person, chat: str) -> None:
        self.told: list[tuple[int, str]] = []
        self.lost = 0
        self._person, self._chat, self._seq = person, chat, person.api.get(f"/chats/{chat}").json()["seq"]
        self._there, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        assert self._there.wait(20)

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                with self._person.socket(self._chat, self._seq) as socket:
                    while not self._ended.is_set():
                        self._hear(socket)
            except (ConnectionClosed, InvalidStatus, OSError, httpx.HTTPError, json.JSONDecodeError, KeyError):
                self.lost += not self._ended.is_set()
                time.sleep(0.05)

    def _hear(self, socket: ClientConnection) -> None:
        try:
            told = json.loads(socket.recv(timeout=0.2))
        except TimeoutError:
            return
        self._there.set()
        if told["type"] == "message":
            self.told.append((told["seq"], told["message"]["text"]))
        if told["type"] not in ("hello", "beat"):
            self._seq = told["seq"]

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def test_who_listened_to_processes_that_are_killed_comes_back_and_misses_nothing(
    stack: Stack, house: House, chat: str, anna: Person, ben: Person
) -> None:
    with ExitStack() as ears:
        listening = [Ear(person, chat) for person in (anna, ben) * 3]
        for ear in listening:
            ears.callback(ear.end)
        processes = psutil.Process(stack.parts()["api"]["pid"]).children(recursive=True)
        for number in range(10):
            persistently(lambda number=number: anna.say(chat, str(number), client_id=f"said {number}"))
            if number == 3:
                for process in processes:
                    with suppress(psutil.NoSuchProcess):  # it ends with its parent
                        process.kill()
        for ear in listening:
            wait_for(lambda ear=ear: len(ear.told) >= 10, 60)
    for ear in listening:
        assert ear.lost > 0
        assert [text for _, text in ear.told] == [str(number) for number in range(10)]
        assert [seq for seq, _ in ear.told] == sorted({seq for seq, _ in ear.told})
    stack.wait_well()


def persistently(ask: Callable[[], Any]) -> None:
    """Until it is answered, as a client does that may ask twice."""
    limit = time.monotonic() + 60
    while True:
        try:
            ask()
        except (httpx.HTTPError, AssertionError):
            assert time.monotonic() < limit
            time.sleep(0.05)
        else:
            return
