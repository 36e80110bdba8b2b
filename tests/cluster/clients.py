"""Clients of an appliance on several hosts: they go to any of its edges, try again elsewhere, and count what failed."""

import hashlib
import json
import random
import struct
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.appliance import pictures
from tests.cluster.cluster import Cluster

PHOTO = pictures.jpeg(640, 480)
TRIES, PAUSE = 60, 0.5
"""A client gives a request up after half a minute of trying."""


class Failed(Exception):
    """A request that was tried everywhere, again and again, and failed."""


@dataclass
class Counts:
    """What came of the requests of all threads."""

    requests: int = 0
    again: int = 0
    """Requests that were tried once more."""
    failed: int = 0
    slowest: float = 0.0
    slowest_was: str = ""
    answers: Counter[str] = field(default_factory=Counter)
    """What was answered to those that were tried once more."""


@dataclass(frozen=True)
class Form:
    """An upload that may be sent: of which image, where to, and the SHA-256 of its file."""

    image: str
    path: str
    kind: str
    body: bytes
    sha256: str


class Client:
    """One project, by a server key that was made on the host of the database."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.counts = cluster, Counts()
        self._key = cluster.key()
        self.project = f"p{uuid.uuid4().hex[:8]}"
        self._lock = threading.Lock()
        self.call("POST", "/projects/", {"name": self.project, "id": self.project})
        self.token = str(self.call("POST", "/tokens", {"project_id": self.project, "ttl": 3600})["token"])

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """One call of the API, by whichever edge answers. Raises Failed."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token or self._key}", "Content-Type": "application/json"}
        return json.loads(self.request(method, path, data, headers) or b"null")

    def answered(self, method: str, path: str, body: Any, token: str) -> tuple[int, Mapping[str, str]]:
        """Status and headers of the answer at the first edge, whatever it is."""
        edge = self.cluster.edges[0]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(edge + path, json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=30, context=self.cluster.trust()) as answer:
                return answer.status, answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.headers

    def request(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        """The bytes of an answer to a request for `path` at any edge. Raises Failed."""
        began, tried = time.monotonic(), list[str]()
        with self._lock:
            self.counts.requests += 1
        for attempt in range(TRIES):
            edge = random.choice(self.cluster.edges)
            asked = urllib.request.Request(edge + path, data, headers or {}, method=method)
            try:
                with urllib.request.urlopen(asked, timeout=20, context=self.cluster.trust()) as answer:
                    found: bytes = answer.read()
                    # A form is answered with 201 by storage alone (success_action_status in it).
                    assert answer.status != 200 or method != "POST" or "json" in headers["Content-Type"]
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise Failed(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error
                said = str(error.code)
            except OSError as error:
                said = type(getattr(error, "reason", error)).__name__
            else:
                with self._lock:
                    if (took := time.monotonic() - began) > self.counts.slowest:
                        self.counts.slowest, self.counts.slowest_was = took, f"{method} {path} after {tried}"
                return found
            with self._lock:
                self.counts.again += not attempt
                self.counts.answers[said] += 1
            tried.append(f"{edge} {said}")
            time.sleep(PAUSE)
        with self._lock:
            self.counts.failed += 1
        raise Failed(f"{method} {path}: {said} for {time.monotonic() - began:.0f} s")

    def form(self, number: int) -> Form:
        """A link with the form for a photo that no other one is the same as."""
        comment = f"{self.project} {number}".encode()
        data = PHOTO[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + PHOTO[2:]
        link = self.call("POST", "/images/", {"filename": "a.jpg", "project_id": self.project}, self.token)
        kind, body = _form(link["params"], data)
        path = urllib.parse.urlsplit(link["upload_link"]).path
        return Form(link["image_id"], path, kind, body, hashlib.sha256(data).hexdigest())

    def upload(self, number: int) -> tuple[str, str]:
        """Uploads such a photo: image id and SHA-256, once storage has acknowledged it."""
        form = self.form(number)
        self.request("POST", form.path, form.body, {"Content-Type": form.kind})
        return form.image, form.sha256

    def sent(self, form: Form) -> int:
        """The status that the form is answered with at the first edge, sent once."""
        headers = {"Content-Type": form.kind}
        asked = urllib.request.Request(self.cluster.edges[0] + form.path, form.body, headers, method="POST")
        try:
            with urllib.request.urlopen(asked, timeout=60, context=self.cluster.trust()) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def image(self, image: str) -> Any:
        return self.call("GET", f"/images/{image}", token=self.token)

    def bytes_of(self, image: str, version: str) -> bytes:
        url = urllib.parse.urlsplit(self.image(image)["versions"][version]["url"])
        return self.request("GET", f"{url.path}?{url.query}")

    def wait_ended(self, images: list[str], seconds: float = 120) -> None:
        """Until each of these is done. Fails with the first that is not."""
        limit = time.monotonic() + seconds
        for image in images:
            while (state := self.image(image)["state"]) != "done":
                assert time.monotonic() < limit, f"{image} is {state}"
                assert state != "error", self.image(image)
                time.sleep(0.2)


class Load:
    """Some threads each upload a photo about every `pause` seconds, until told to stop. `acknowledged`: SHA-256 by
    image id.
    """

    def __init__(self, client: Client, threads: int = 3, pause: float = 0.3, reads: bool = True) -> None:
        self._pause = pause
        self.client, self.acknowledged = client, dict[str, str]()
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()
        workers = [threading.Thread(target=self._write, daemon=True) for _ in range(threads)]
        workers += [threading.Thread(target=self._read, daemon=True)] if reads else []
        self._threads = workers
        for one in workers:
            one.start()

    def _write(self) -> None:
        while not self._stop.wait(self._pause):
            with self._lock:
                number = next(self._numbers)
            try:
                image, sha256 = self.client.upload(number)
            except Failed as error:
                self.failures.append(str(error))
            else:
                with self._lock:
                    self.acknowledged[image] = sha256

    def _read(self) -> None:
        """An original that was acknowledged has its bytes at any time."""
        while not self._stop.wait(0.2):
            with self._lock:
                known = list(self.acknowledged.items())
            if not known:
                continue
            image, sha256 = random.choice(known)
            try:
                found = self.client.image(image)
                if (found.get("versions") or {}).get("original"):
                    assert hashlib.sha256(self.client.bytes_of(image, "original")).hexdigest() == sha256
            except Failed as error:
                self.failures.append(str(error))
            except AssertionError:
                self.failures.append(f"{image} has other bytes")

    def wait(self, more: int, seconds: float = 120) -> None:
        """Until so many more were acknowledged."""
        wanted, limit = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < limit, f"{len(self.acknowledged)} of {wanted}; {self.failures[-3:]}"
            time.sleep(0.05)

    def stop_softly(self) -> int:
        """Ends it; how many requests failed for good."""
        self._stop.set()
        for one in self._threads:
            one.join(90)
        return len(self.failures)

    def stop(self) -> dict[str, str]:
        """Ends it; all that was acknowledged. Fails if a request failed for good."""
        self.stop_softly()
        assert not self.failures, self.failures[:3]
        return self.acknowledged


def _form(params: dict[str, str], data: bytes) -> tuple[str, bytes]:
    """Content type and body of an upload form: its fields, and the file last (RFC 7578)."""
    boundary = uuid.uuid4().hex
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in params.items()
    )
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return (
        f"multipart/form-data; boundary={boundary}",
        f"{fields}{head}".encode() + data + f"\r\n--{boundary}--\r\n".encode(),
    )
