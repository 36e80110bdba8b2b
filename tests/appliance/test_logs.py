"""What is logged: one id from link to delivery, and after a full run no secret in any log, command line or error."""

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from appliance.logs import masked
from tests import secrecy
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.ops import processes
from tests.stack import Stack
from tests.webhooks.receiver import ALLOWED, receiver

PYTHON = ("api", "intake", "webhooks", "worker-images-1")
NAME = "Grandmother-at-the-seaside.jpg"
IN_URL = "a-word-of-the-receivers-own"
PHOTO = pictures.jpeg(300, 200)
ASKED = ("postgres", "valkey", "storage", "api")
"""Those whose addresses have a password in them, and who asks them."""
OTHERS = ("intake", "webhooks", "worker-images-1", "edge")


@pytest.fixture(scope="module")
def logging() -> Iterator[Stack]:
    """An appliance that logs JSON, and may send webhooks to a loopback address."""
    made = Stack(DARKROOM_LOG_FORMAT="json", DARKROOM_WEBHOOK_ALLOW=f"{ALLOWED}/32", DARKROOM_LEASE_SECONDS="5")
    try:
        made.up()
        yield made
    finally:
        made.close()


def lines(stack: Stack, part: str) -> list[dict[str, Any]]:
    text = (stack.data / "logs" / f"{part}.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.long
def test_one_id_from_link_to_delivery(logging: Stack) -> None:
    project = Project(logging)
    with receiver() as receiving:
        answer = project.server.post(f"/projects/{project.id}/webhooks", json={"url": receiving.url})
        assert answer.status_code == 201, answer.text
        image = project.upload(PHOTO, NAME)
        assert project.ended(image)["state"] == "done"
        wait_for(lambda: len(receiving.sent) >= 4)
    project.api.delete(f"/images/{image}")

    def told() -> list[str]:
        of_image = [line for part in PYTHON for line in lines(logging, part) if line.get("asset") == image]
        return [line["event"] for line in sorted(of_image, key=lambda line: line["timestamp"])]

    wait_for(lambda: "deleted" in told())
    events = told()
    assert events[:2] == ["link issued", "webhook delivered"] or events[:2] == ["link issued", "file is there"]
    assert {"link issued", "file is there", "attempt ended", "webhook delivered", "deleted"} <= set(events)
    ended = [line for part in PYTHON for line in lines(logging, part) if line["event"] == "attempt ended"]
    assert {"asset", "attempt", "outcome", "milliseconds", "level", "timestamp"} <= set(ended[0])


def test_every_line_is_json_also_of_what_others_log(logging: Stack) -> None:
    """The server's and the decoder's own words, and a trace: a decoder is killed in its work."""
    project = Project(logging)
    for worker in (part for part in logging.parts().values() if part["role"] == "worker"):
        for child in psutil.Process(worker["pid"]).children():
            with suppress(psutil.NoSuchProcess):
                child.kill()
    image = project.upload(PHOTO)
    assert project.ended(image)["state"] == "done"
    for part in PYTHON:
        assert all({"event", "level", "timestamp"} <= set(line) for line in lines(logging, part)), part
    assert [line for line in lines(logging, "api") if line.get("logger") == "_granian"]


class Watch:
    """Every command line under a supervisor, also of what lives for a moment only, for the time of the block."""

    def __init__(self, supervisor: int) -> None:
        self.lines: set[str] = set()
        self._supervisor = supervisor
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            with suppress(psutil.Error):
                for one in processes.tree(self._supervisor):
                    with suppress(psutil.Error):
                        self.lines.add(" ".join(one.cmdline()))


class Run:
    """All that clients can do right and wrong, with the secrets that were handed out and the errors that came back."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.errors = stack, []
        self.project = Project(stack)
        self.known = [stack.key, self.project.token]
        for client in (self.project.api, self.project.server, self.project.plain):
            client.event_hooks["response"].append(self._noted)

    def _noted(self, answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            self.errors.append(answer.read().decode(errors="replace") + str(answer.headers))

    def verb(self, *command: str) -> str:
        done = self.stack.verb(*command)
        self.errors.append(done.stderr)
        return done.stdout.strip()

    def uploads(self) -> None:
        project = self.project
        good, bad = project.link(NAME), project.link(NAME)
        project.send(good, PHOTO)
        project.send(bad, b"no picture")
        done = project.ended(good["image_id"])
        project.ended(bad["image_id"])
        for _ in range(2):
            project.send(good, PHOTO)  # a replay
        for name in ("x-amz-signature", "policy", "x-amz-credential"):
            project.send({**good, "params": {**good["params"], name: "0" * 64}}, PHOTO)
        self.known += [good["params"]["x-amz-signature"], good["params"]["policy"]]
        for version in done["versions"].values():
            project.plain.get(version["url"]).raise_for_status()
            project.plain.get(version["url"].replace("Signature=", "Signature=0"))
            project.plain.put(version["url"], content=b"x")
            self.known.append(version["url"].partition("Signature=")[2][:64])
        project.api.post(f"/projects/{project.id}/retry")
        project.api.post(f"/images/{bad['image_id']}/uploaded")
        project.api.delete(f"/images/{good['image_id']}")

    def callers(self) -> None:
        project = self.project
        ticket = project.ticket()
        with project.socket(after=0, ticket=ticket) as socket:
            socket.recv(timeout=30)
        for bad in (ticket, "x" * 32, project.token):
            with suppress(Exception), project.socket(ticket=bad) as socket:
                self.errors.append(str(socket.recv(timeout=5)))
        code = self.verb("open").partition("#login=")[2]
        for _ in range(2):
            answer = project.plain.post(f"{self.stack.url}/login", json={"code": code})
            self.known += [answer.json()["token"]] if answer.status_code == 201 else []
        for credential in (project.token[:-2] + "xx", self.stack.key + "x", "x", "\xff"):
            project.plain.get(f"{self.stack.url}/projects/", headers={"Authorization": f"Bearer {credential}".encode()})
        project.plain.get(f"{self.stack.url}/projects/{project.id}/events?ticket={ticket}&after=x")
        project.server.post("/tokens", json={"project_id": project.id, "ttl": "x", "token": project.token})
        self.known += [ticket, code]

    def webhooks(self) -> None:
        for url in (f"http://{ALLOWED}:9/{IN_URL}", f"http://127.0.0.1:9/?key={IN_URL}", f"http://no.example/{IN_URL}"):
            made = self.project.server.post(f"/projects/{self.project.id}/webhooks", json={"url": url})
            self.known += [made.json()["secret"]] if made.status_code == 201 else []
        self.known.append(IN_URL)

    def _link(self) -> Any:
        """None where storage, well again, is not yet known to be so."""
        answer = self.project.api.post("/images/", json={"filename": NAME, "project_id": self.project.id})
        return answer.json() if answer.status_code == 201 else None

    def harm(self, parts: Sequence[str]) -> None:
        """Parts die under requests."""
        for part in parts:
            link = wait_for(self._link)
            self.project.send(link, PHOTO)
            self.stack.kill(part, signal.SIGKILL)
            for _ in range(5):
                with suppress(httpx.TransportError):
                    self.project.api.post("/images/", json={"filename": NAME, "project_id": self.project.id})
                    self.project.api.post("/tickets")
                    self.project.api.get(f"/projects/{self.project.id}/images")
                    self.project.api.post(f"/images/{link['image_id']}/uploaded")
                    self.project.send(link, PHOTO)
            self.stack.wait_well()
        for verb in (["status"], ["verify", "--deep"], ["retry"], ["token", "--project", "p", "--ttl", "0"]):
            self.verb(*verb)
        self.known.append(self.verb("token", "--project", self.project.id))


@pytest.mark.parametrize(
    "parts", [ASKED, pytest.param((*ASKED, *OTHERS), marks=pytest.mark.long)], ids=["asked", "all"]
)
def test_no_secret_after_a_full_run(logging: Stack, parts: Sequence[str]) -> None:
    run = Run(logging)
    with Watch(logging.status()["supervisor"]) as watch:
        run.webhooks()
        run.uploads()
        run.callers()
        run.harm(parts)
    assert len(run.errors) > 20
    assert len(run.known) > 12
    assert len(watch.lines) > 10
    assert secrecy.in_logs(logging.data, [*run.known, NAME]) == []
    known = [*run.known, *secrecy.of_folder(logging.data)]
    for text in (*watch.lines, *run.errors):
        assert secrecy.leaks(text, known) == []


@pytest.mark.pure
def test_the_scan_finds_what_it_looks_for(tmp_path: Path) -> None:
    """One of each in a log is found, once by its shape and once for being known."""
    log = tmp_path / "logs" / "api.log"
    log.parent.mkdir()
    for number, line in enumerate(LEAKS):
        log.write_text(f"level=info event={line}\n")
        assert secrecy.in_logs(tmp_path), number
        log.write_text(masked(f"level=info event={line}\n"))
        assert secrecy.in_logs(tmp_path) == [], line
    log.write_text("level=info event=a-word-that-is-secret")
    assert secrecy.in_logs(tmp_path, ["a-word-that-is-secret"]) == ["api.log: known secret 0"]
    log.write_text('{"event": "link issued", "asset": "0192f7a0-0000-7000-8000-000000000000", "tickets": 3}')
    assert secrecy.in_logs(tmp_path) == []


LEAKS = (
    "/originals/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=" + "ab" * 32,
    "/originals/a?X-Amz-Credential=reader-1234%2F20261121",
    "wss://photos.lan/projects/111/events?ticket=" + "x" * 32,
    "http://127.0.0.1:8080/#login=" + "x" * 32,
    "the key dk_" + "x" * 43,
    "Authorization: Bearer " + "x" * 30,
    "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJkYXJrcm9vbSJ9.c2lnbmF0dXJlc2ln",
    "whsec_" + "x" * 32,
    "postgresql://darkroom:0123456789abcdef@127.0.0.1:5432/darkroom",
    "redis://:0123456789abcdef@127.0.0.1:6379/0",
)
