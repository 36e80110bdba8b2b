"""People who talk in a chat while harm is done: all is asked again until it is answered, as a patient client does."""

import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from tests.chats.people import Person
from tests.faults.uploads import photo

PATIENCE = 240.0
PAUSE = 0.1  # seconds until something is asked again


def patiently(ask: Callable[[], httpx.Response], *good: int) -> httpx.Response:
    """The first answer that is one of `good`. Fails for one that stays as it is, and when patience ends."""
    limit = time.monotonic() + PATIENCE
    while True:
        with suppress(httpx.TransportError):
            answer = ask()
            if answer.status_code in good:
                return answer
            assert answer.status_code >= 500, answer.text
        assert time.monotonic() < limit, "nobody answers"
        time.sleep(PAUSE)


class Talk:
    """One who says something with a picture over and over, in a thread of its own, until `stop`, by a form or by a
    link; some of it is deleted again.

    said: message → its file, as the server answered. deleted: files, and unsaid: messages, of which it said that too.
    """

    def __init__(self, person: Person, chat: str, chance: random.Random) -> None:
        self.said: dict[str, str] = {}
        self.sent: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.unsaid: set[str] = set()
        self._person, self._chat, self._chance = person, chat, random.Random(chance.random())
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it after the message that is under way. Raises what went wrong."""
        self._over.set()
        self._thread.join(3 * PATIENCE)
        assert not self._thread.is_alive(), "the talk does not end"
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            for number in itertools.count():
                if self._over.is_set():
                    return
                self._say(f"{self._person.id}-{number}")
        except BaseException as error:
            self._failure = error

    def _say(self, name: str) -> None:
        say = self._by_form if self._chance.random() < 0.6 else self._by_link
        message = say(name).json()
        [file] = message["attachments"]
        self.said[message["message_id"]] = file["file_id"]
        self.sent[file["file_id"]] = name
        what = self._chance.random()
        if what < 0.2:
            path = f"/chat/{self._chat}/file/{file['file_id']}"
            patiently(lambda: self._person.api.delete(path), 204)
            self.deleted.add(file["file_id"])
        elif what < 0.3:
            path = f"/chats/{self._chat}/messages/{message['message_id']}"
            patiently(lambda: self._person.api.delete(path), 204, 404)  # the answer to the first one may be lost
            self.unsaid.add(message["message_id"])

    def _by_form(self, name: str) -> httpx.Response:
        return patiently(lambda: self._person.send(self._chat, photo(name), client_id=name, text=name), 200, 201)

    def _by_link(self, name: str) -> httpx.Response:
        wanted = {"filename": "a.jpg"}
        link = patiently(lambda: self._person.api.post(f"/chat/{self._chat}/files", json=wanted), 201).json()
        files = {"file": ("a.jpg", photo(name))}
        patiently(lambda: httpx.post(link["upload_link"], data=link["params"], files=files), 201)
        said = {"text": name, "files": [link["file_id"]], "client_id": name}
        return patiently(lambda: self._person.api.post(f"/chat/{self._chat}/messages", json=said), 200, 201)


class Ear:
    """One who listens in a chat from its beginning until `stop`, and comes back with a cursor when the line is cut."""

    def __init__(self, person: Person, chat: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self._person, self._chat = person, chat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._over.is_set():
            with suppress(WebSocketException, OSError, TimeoutError, httpx.TransportError, KeyError, ValueError):
                self._listen()
            time.sleep(PAUSE)

    def _listen(self) -> None:
        after = self.heard[-1]["seq"] if self.heard else 0
        with self._person.socket(self._chat, after) as socket:
            while not self._over.is_set():
                with suppress(TimeoutError):
                    told = json.loads(socket.recv(timeout=1))
                    assert told["type"] not in ("reset", "messages"), told
                    if "seq" in told and told["type"] not in ("hello", "beat"):
                        self.heard.append(told)
