"""One log, three readers: in order, none missing, none twice."""

import json
import signal
import threading

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.appliance import pictures
from tests.appliance.client import Project, heard
from tests.stack import Stack

SMALL = pictures.jpeg(200, 150)


def test_resume_gives_exactly_what_was_missed(project: Project) -> None:
    with project.socket(after=0) as socket:
        project.upload(SMALL)
        seen = heard(socket, lambda message: message.get("state") == "done")
    cursor = f"{seen[0]['epoch']}:{seen[-1]['seq']}"
    missed = [project.upload(SMALL) for _ in range(5)]
    for image_id in missed:
        project.ended(image_id)
    with project.socket(after=cursor) as socket:
        assert heard(socket, lambda message: message["type"] == "hello")
        rest = heard(socket, lambda message: message["seq"] == 24)
    assert [event["seq"] for event in rest] == list(range(5, 25))
    assert {event["image_id"] for event in rest} == set(missed)


def test_many_writers_and_readers_see_one_order(project: Project) -> None:
    """Through two API processes and two workers: everybody reads the same dense sequence."""
    results: list[list[tuple[int, str, str]]] = []

    def listen() -> None:
        with project.socket(after=0) as socket:
            messages = heard(socket, lambda message: message.get("seq") == 80 and message["type"] != "hello", 60)
            results.append([(m["seq"], m["image_id"], m["state"]) for m in messages if m["type"] == "state"])

    listeners = [threading.Thread(target=listen) for _ in range(4)]
    senders = [threading.Thread(target=lambda: [project.upload(SMALL) for _ in range(5)]) for _ in range(4)]
    for thread in listeners + senders:
        thread.start()
    for thread in listeners + senders:
        thread.join(90)
    assert len(results) == 4
    assert all(result == results[0] for result in results)
    assert [seq for seq, _, _ in results[0]] == list(range(1, 81))
    for image_id in {image for _, image, _ in results[0]}:
        states = [state for _, image, state in results[0] if image == image_id]
        assert states == ["init", "uploaded", "processing", "done"]


@pytest.mark.parametrize("after", ["99", "000000000000:0"])
def test_cursor_that_cannot_be_resumed_is_reset(project: Project, after: str) -> None:
    project.link()
    with project.socket(after=after) as socket:
        hello, reset = heard(socket, lambda message: message["type"] == "reset")
        assert (hello["seq"], reset["seq"]) == (1, 1)
        link = project.link()
        follows = heard(socket, lambda message: message["type"] == "state")
    assert [(event["seq"], event["image_id"]) for event in follows] == [(2, link["image_id"])]
    page = project.api.get(f"/projects/{project.id}/events", params={"after": after})
    assert page.status_code == 410
    assert (page.json()["type"], page.json()["seq"]) == ("reset", 2)


def test_without_after_it_starts_from_now(project: Project) -> None:
    project.link()
    with project.socket() as socket:
        assert heard(socket, lambda message: message["type"] == "hello")[0]["seq"] == 1
        project.link()
        assert heard(socket, lambda message: True)[0]["seq"] == 2


def test_pages_of_events(project: Project) -> None:
    for _ in range(3):
        project.link()
    first = project.api.get(f"/projects/{project.id}/events", params={"after": 0, "limit": 2}).json()
    assert [event["seq"] for event in first["events"]] == [1, 2]
    rest = project.api.get(f"/projects/{project.id}/events", params={"after": first["next"]}).json()
    assert [event["seq"] for event in rest["events"]] == [3]
    assert project.api.get(f"/projects/{project.id}/events").json()["events"] == []
    for bad in ("x", "-1", "1.5", "e:", "9" * 30):
        assert project.api.get(f"/projects/{project.id}/events", params={"after": bad}).status_code == 400, bad


def test_server_sent_events_resume_by_last_event_id(project: Project) -> None:
    project.link()
    project.link()
    path, headers = f"/projects/{project.id}/events", {"Accept": "text/event-stream"}
    with project.api.stream("GET", path, params={"after": 0}, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        first = _frames(stream, 2)
    assert [frame["data"]["type"] for frame in first] == ["hello", "state"]
    with project.api.stream("GET", path, headers={**headers, "Last-Event-ID": first[1]["id"]}) as stream:
        second = _frames(stream, 2)
    assert second[1]["data"]["seq"] == 2


def _frames(stream: httpx.Response, count: int) -> list[dict]:
    """The next `count` events of an SSE stream."""
    frames, frame = [], {}
    for line in stream.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            frame[name] = json.loads(value) if name == "data" else value
        elif frame:
            frames.append(frame)
            frame = {}
            if len(frames) == count:
                break
    return frames


def _refused(project: Project, ticket: str, **headers: str) -> bool:
    try:
        with project.socket(ticket=ticket, **headers) as socket:
            socket.recv(timeout=10)
    except ConnectionClosed as closed:
        return closed.rcvd is not None and closed.rcvd.code == 4401
    except InvalidStatus:
        return True
    return False


def test_socket_needs_a_fresh_ticket_of_this_project(project: Project, stranger: Project) -> None:
    ticket = project.ticket()
    with project.socket(ticket=ticket) as socket:
        assert heard(socket, lambda message: message["type"] == "hello")
    assert _refused(project, ticket), "a used ticket"
    assert _refused(project, ""), "no ticket"
    assert _refused(project, "x" * 32), "an invented ticket"
    assert _refused(project, stranger.ticket()), "another project's ticket"
    assert _refused(project, project.ticket(), Origin="https://evil.example"), "a foreign page"
    assert not _refused(project, project.ticket(), Origin=project.stack.url)
    assert not _refused(project, project.ticket(), Origin=project.stack.origin)


def _closed_with(project: Project, after: str = "0", ticket: str | None = None) -> int:
    with project.socket(after=after, ticket=ticket) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_socket_that_is_refused_says_why_by_its_code(project: Project, stack: Stack) -> None:
    for bad in ("x", "", "1e3", "9" * 30):
        assert _closed_with(project, after=bad) == 4400, bad
    ticket = project.ticket()
    stack.kill("valkey", signal.SIGSTOP)
    try:
        assert _closed_with(project, ticket=ticket) == 4503, "to be tried again"
    finally:
        stack.kill("valkey", signal.SIGCONT)
        stack.wait_well()
    ticket = project.ticket()
    project.server.delete(f"/projects/{project.id}")
    assert _closed_with(project, ticket=ticket) == 4404


def test_server_key_gets_a_ticket_for_a_named_project(project: Project) -> None:
    assert project.server.post("/tickets").status_code == 400
    ticket = project.server.post("/tickets", json={"project_id": project.id}).json()["ticket"]
    assert not _refused(project, ticket)
