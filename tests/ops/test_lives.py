"""Lives and deaths: two appliances side by side, a clean end, killed parts, a killed supervisor."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from tests.appliance.client import Project
from tests.appliance.pictures import jpeg
from tests.daemons.process import listening
from tests.ops import processes
from tests.stack import Stack


@pytest.fixture(scope="module")
def mortal() -> Iterator[Stack]:
    """An appliance of this module's own, to do harm to."""
    made = Stack()
    try:
        made.up()
        yield made
    finally:
        made.close()


@contextmanager
def taken(port: int) -> Iterator[None]:
    """The port in the hands of another program."""
    with socket.socket() as other:
        # Connections of the appliance that has just ended may still be in TIME_WAIT.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


def page(stack: Stack) -> int:
    with urllib.request.urlopen(f"{stack.url}/readyz", timeout=20) as answer:
        return int(answer.status)


@pytest.mark.long
def test_two_appliances_live_side_by_side(stack, mortal):
    ours, theirs = stack.status(), mortal.status()
    pids = [{part["pid"] for part in report["parts"] if part["pid"]} for report in (ours, theirs)]
    assert not pids[0] & pids[1]
    addresses = [{part["address"] for part in report["parts"] if part["address"]} for report in (ours, theirs)]
    assert not addresses[0] & addresses[1]
    assert page(stack) == page(mortal) == 200
    assert stack.key != mortal.key


@pytest.mark.long  # tests/faults kills one after the other
@pytest.mark.parametrize(
    "part", ["worker-images-1", "postgres", "valkey", "storage", "api", "intake", "webhooks", "edge"]
)
def test_a_killed_part_comes_back(mortal, part):
    before = mortal.wait_well()[part]
    children = psutil.Process(before["pid"]).children(recursive=True)
    assert mortal.kill(part) == before["pid"]
    limit = time.monotonic() + 60
    while (after := mortal.wait_well()[part])["pid"] == before["pid"]:
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert after["restarts"] == before["restarts"] + 1
    assert after["address"] == before["address"]
    assert page(mortal) == 200
    assert not [child for child in children if processes.alive(child)]


def test_a_killed_supervisor_takes_all_with_it_and_up_heals(mortal):
    key = mortal.key
    mortal.wait_well()
    os.kill(mortal.status()["supervisor"], signal.SIGKILL)
    processes.wait_gone(mortal.data)
    assert mortal.verb("status").returncode == 3
    assert "all parts are well" in mortal.up()
    asked = urllib.request.Request(f"{mortal.url}/projects/", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.long
def test_up_ends_what_an_earlier_start_left_behind(mortal):
    """Supervisor and API's first process killed at once: its workers have nobody to tell them to end."""
    api = mortal.wait_well()["api"]["pid"]
    workers = psutil.Process(api).children(recursive=True)
    for pid in (mortal.status()["supervisor"], api):
        os.kill(pid, signal.SIGKILL)
    mortal.up()
    assert not [worker for worker in workers if processes.alive(worker)]
    assert page(mortal) == 200


@pytest.mark.long
def test_down_ends_what_a_killed_supervisor_left_behind(mortal):
    """A part that is stopped, as one that hangs, does not hear that it should end."""
    parts = mortal.wait_well()
    os.kill(parts["intake"]["pid"], signal.SIGSTOP)
    for pid in (mortal.status()["supervisor"], parts["api"]["pid"]):
        os.kill(pid, signal.SIGKILL)
    assert "left running" in mortal.down()
    assert not processes.serving(mortal.data)
    assert "Nothing is running" in mortal.down()
    mortal.up()


@pytest.mark.long
def test_two_starts_at_once_are_one(mortal):
    mortal.down()
    command = [str(mortal.checkout / "ops" / "up"), "--detach", "--data", str(mortal.data)]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": mortal._environment}
    both = [subprocess.Popen(command, text=True, **piped) for _ in range(2)]
    said = sorted(one.communicate(timeout=60)[1] for one in both)
    assert [one.returncode for one in both] == [0, 0], said
    assert sum("all parts are well" in text for text in said) == 1
    assert sum("nothing was changed" in text for text in said) == 1
    mortal.wait_well()


@pytest.mark.long
def test_a_verb_does_not_wait_for_ever_for_a_part_that_hangs(mortal):
    database = mortal.wait_well()["postgres"]["pid"]
    os.kill(database, signal.SIGSTOP)
    try:
        asked = mortal.verb("token", "--project", "111")
    finally:
        os.kill(database, signal.SIGCONT)
    assert asked.returncode == 1
    assert "./ops/status shows which part" in asked.stderr
    assert "Traceback" not in asked.stderr
    mortal.wait_well()


def test_down_leaves_no_process_and_no_port_and_up_is_quick_again(mortal):
    report = mortal.status()
    ports = [int(part["address"].split(":")[1]) for part in report["parts"] if part["address"]]
    everything = processes.tree(report["supervisor"])
    mortal.down()
    assert not [one.pid for one in everything if processes.alive(one)]
    assert not processes.serving(mortal.data)
    assert not [port for port in ports if listening(port)]
    assert "Nothing is running" in mortal.down()
    began = time.monotonic()
    mortal.up()
    # 3 to 6 s on two cores that have nothing else to do; what is made the first time takes minutes.
    assert time.monotonic() - began < 45
    again = mortal.status()
    assert [part["address"] for part in again["parts"]] == [part["address"] for part in report["parts"]]


@pytest.mark.long
def test_a_port_that_was_taken_meanwhile_is_replaced(mortal):
    """An inner port moves; the edge's port is what others know, and its loss is said before anything starts."""
    valkey = int(mortal.parts()["valkey"]["address"].split(":")[1])
    mortal.down()
    with taken(valkey):
        mortal.up()
        assert int(mortal.parts()["valkey"]["address"].split(":")[1]) != valkey
        assert page(mortal) == 200
        mortal.down()
    with taken(mortal.port):
        refused = mortal.verb("up", "--detach")
    assert refused.returncode == 1
    assert f"port {mortal.port} is in use" in refused.stderr
    mortal.up()


@pytest.mark.long
def test_a_start_that_fails_says_which_part_and_why_and_leaves_nothing(mortal):
    mortal.down()
    mark = mortal.data / "postgres" / "global" / "pg_control"
    kept = mark.read_bytes()
    try:
        mark.write_bytes(b"not a control file")
        failed = mortal.verb("up", "--detach")
    finally:
        mark.write_bytes(kept)
    assert failed.returncode == 1
    assert "postgres: ended" in failed.stderr
    assert "postgres.log" in failed.stderr
    assert "pg_control" in failed.stderr
    assert not processes.serving(mortal.data)
    mortal.up()


@pytest.mark.long
def test_new_storage_keys_leave_links_and_forms_that_are_out_good(mortal):
    mortal.wait_well()
    project = Project(mortal)
    photo = jpeg()
    before = project.ended(project.upload(photo))
    link, form = before["versions"]["thumb"]["url"], project.link("late.jpg")
    refused = mortal.verb("rotate")
    assert refused.returncode == 1
    assert "./ops/down" in refused.stderr
    mortal.down()
    assert mortal.verb("rotate").returncode == 0
    mortal.up()
    after = project.image(before["image_id"])["versions"]["thumb"]["url"]
    assert credential(after) != credential(link)
    bodies = [project.plain.get(address) for address in (link, after)]
    assert [body.status_code for body in bodies] == [200, 200]
    assert bodies[0].content == bodies[1].content
    assert project.send(form, photo).status_code == 201
    assert project.ended(form["image_id"])["state"] == "done"


def credential(link: str) -> str:
    return parse_qs(urlsplit(link).query)["X-Amz-Credential"][0]


def test_keys_from_outside_are_not_rotated_here(fresh):
    fresh._environment["DARKROOM_READER_KEY"] = "reader:of-another-server"
    refused = fresh.verb("rotate")
    assert refused.returncode == 1
    assert "DARKROOM_READER_KEY came from outside" in refused.stderr
    assert not (fresh.data / "secrets.json").exists()


@pytest.fixture
def fresh() -> Iterator[Stack]:
    """An appliance that has never been started."""
    made = Stack()
    yield made
    made.close()


@pytest.mark.long
def test_interrupt_in_the_middle_of_the_set_up_is_said_and_harms_nothing(fresh):
    command = [str(fresh.checkout / "ops" / "up"), "--port", str(fresh.port), "--data", str(fresh.data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as up:
        limit = time.monotonic() + 20
        while not (fresh.data / "postgres.new" / "base").exists():
            assert time.monotonic() < limit
            time.sleep(0.005)
        # As a terminal does it: to the whole group, initdb as well.
        os.killpg(up.pid, signal.SIGINT)
        said = up.stderr.read()
    assert up.returncode == 130, said
    assert "interrupted" in said
    assert "initdb" not in said
    assert "Traceback" not in said
    assert not processes.serving(fresh.data)
    assert "all parts are well" in fresh.up()


@pytest.mark.long
def test_in_the_foreground_interrupt_ends_everything(mortal):
    mortal.down()
    command = [str(mortal.checkout / "ops" / "up"), "--data", str(mortal.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as up:
        seen = []
        for line in up.stdout:
            seen.append(line)
            if "#login=" in line:
                break
        up.send_signal(signal.SIGINT)
        rest = up.stdout.read()
    said = "".join(seen) + rest
    assert f"{mortal.url}/#login=" in said
    assert "127.0.0.1" in said
    assert "this machine alone" in said
    assert re.search(r"^postgres +\| .*ready to accept connections", said, re.MULTILINE)
    assert up.returncode == 0
    assert not processes.serving(mortal.data)
    mortal.up()
