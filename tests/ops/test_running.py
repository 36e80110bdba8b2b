"""A running appliance: what it is made of, what listens, what others can read, and that `up` leaves it alone."""

import json
import os
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from ops import credentials
from ops.folder import DataFolder
from tests.ops import processes
from tests.stack import CHECKOUT, environment

VERBS = [path for path in sorted((CHECKOUT / "ops").iterdir()) if path.is_file() and os.access(path, os.X_OK)]
EMBEDDED = {"postgres", "valkey", "storage", "ledger", "buckets"}
PYTHON = {"api", "intake", "webhooks", "caretaker", "worker-images-1", "worker-images-2", "worker-media-1"}
PARTS = EMBEDDED | PYTHON | {"edge"}


def get(url: str, **headers: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_every_part_is_well_at_its_own_address(stack):
    stack.wait_well()  # a part that another test ended may still be on its way
    report = stack.status()
    assert report["phase"] == "ready"
    assert report["url"] == stack.url
    parts = {part["name"]: part for part in report["parts"]}
    assert set(parts) == PARTS
    assert {part["health"] for part in parts.values()} == {"ok"}
    assert parts["edge"]["address"] == f"127.0.0.1:{stack.port}"
    for part in parts.values():
        assert part["pid"] is None or psutil.pid_exists(part["pid"])
    shown = stack.verb("status").stdout
    assert all(name in shown for name in PARTS)


def test_a_second_up_says_so_and_changes_nothing(stack):
    before = stack.status()
    recorded = {path.name: path.read_bytes() for path in stack.data.glob("*.json")}
    said = stack.up("--url", "http://other.lan")
    assert "running already" in said
    assert "nothing was changed" in said
    after = stack.status()
    assert [part["pid"] for part in after["parts"]] == [part["pid"] for part in before["parts"]]
    for name in ("site.json", "ports.json", "secrets.json"):
        assert (stack.data / name).read_bytes() == recorded[name]


def test_only_the_closed_list_listens(stack):
    report = stack.status()
    ports = {part["name"]: int(part["address"].split(":")[1]) for part in report["parts"] if part["address"]}
    allowed = {("tcp", "127.0.0.1", port) for port in ports.values()} | {("tcp6", "::1", ports["storage"])}
    assert processes.sockets(processes.tree(report["supervisor"])) == allowed
    assert set(ports) == {"postgres", "valkey", "storage", "api", "edge"}


def test_every_process_says_whom_it_serves(stack):
    report = stack.status()
    marks = {
        "postgres": "postgres",
        "valkey": "valkey",
        "storage": "minio",
        "api": "appliance.app",
        "intake": "appliance.intake",
        "webhooks": "appliance.sender",
        "caretaker": "ops.caretaker",
        "worker-images-1": "--lane images --number 1",
        "worker-images-2": "--lane images --number 2",
        "worker-media-1": "--lane media --number 1",
        "edge": "edge",
    }
    lines = {part["name"]: " ".join(psutil.Process(part["pid"]).cmdline()) for part in report["parts"] if part["pid"]}
    assert set(lines) == set(marks)
    for name, line in lines.items():
        assert marks[name] in line
        assert str(stack.data) in line
    for line in processes.lines(processes.tree(report["supervisor"])):
        assert str(stack.data) in line


def test_no_secret_in_a_command_line_or_a_log(stack):
    key = stack.key
    token = stack.verb("token", "--project", "111").stdout.strip()
    login = stack.verb("open").stdout.strip().partition("#login=")[2]
    assert token
    assert login
    # The token goes through the edge and the API once, as a browser would send it.
    assert get(f"{stack.url}/projects/111/images", Authorization=f"Bearer {token}")[0] == 200
    known = credentials.load(DataFolder(stack.data), {})
    secrets = [value.rpartition(":")[2] for value in known.__dict__.values()] + [key, token, login]
    lines = processes.lines(processes.tree(stack.status()["supervisor"]))
    logs = [path.read_text(errors="replace") for path in (stack.data / "logs").iterdir()]
    assert len(logs) >= len(PARTS)
    for text in (*lines, *logs):
        assert not [number for number, secret in enumerate(secrets) if secret in text]


def test_what_is_secret_is_the_owners_alone(stack):
    for name in ("", "secrets.json", "valkey/valkey.conf", "ports.json", "site.json", "state.json", "lock", "logs"):
        path = stack.data / name
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_ends_leftovers_knows_how_long_each_part_may_take(stack):
    written = DataFolder(stack.data).read("state.json")["parts"]
    assert {part["name"]: part["grace"] for part in written}["postgres"] == 30


def test_everything_runs_without_root(stack):
    owners = processes.owners(processes.tree(stack.status()["supervisor"]))
    assert len(owners) == 1
    assert owners == {stack.data.stat().st_uid}
    assert owners != {0}


def test_a_child_has_no_way_to_ports_below_1024(stack):
    """Ambient rights of the supervisor, which root's start leaves it for the edge, end at every other part."""
    for name, part in stack.parts().items():
        if part["pid"] and name != "edge":
            status = Path(f"/proc/{part['pid']}/status").read_text()
            assert "CapEff:\t0000000000000000" in status, name


def test_verbs_print_results_alone_on_standard_output(stack):
    for verb in (("token", "--project", "111"), ("apikey", "create", "another"), ("open",)):
        done = stack.verb(*verb)
        assert done.returncode == 0
        assert len(done.stdout.split()) == 1, verb
    token = stack.verb("token", "--project", "brand-new", "--ttl", "60").stdout.strip()
    assert get(f"{stack.url}/projects/brand-new/images", Authorization=f"Bearer {token}")[0] == 200


def test_a_key_can_be_withdrawn(stack):
    key = stack.verb("apikey", "create", "leaked").stdout.strip()

    def answer() -> int:
        return get(f"{stack.url}/projects/", Authorization=f"Bearer {key}")[0]

    def good() -> list[bool]:
        listed = json.loads(stack.verb("apikey", "list", "--json").stdout)
        return [one["revoked_at"] is None for one in listed if one["name"] == "leaked"]

    assert (answer(), good()) == (200, [True])
    asked = stack.verb("apikey", "revoke", "leaked")
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert (answer(), good()) == (200, [True])
    assert stack.verb("apikey", "revoke", "leaked", "--yes").returncode == 0
    assert good() == [False]
    limit = time.monotonic() + 10
    while answer() != 401:
        assert time.monotonic() < limit
        time.sleep(0.2)
    again = stack.verb("apikey", "revoke", "leaked", "--yes")
    assert again.returncode == 1
    assert "no good key" in again.stderr
    shown = stack.verb("apikey", "list").stdout
    assert "leaked" in shown
    assert key not in shown
    assert get(f"{stack.url}/projects/", Authorization=f"Bearer {stack.key}")[0] == 200


def test_a_wrong_wish_is_answered_in_a_sentence(stack):
    refused = stack.verb("token", "--project", "111", "--ttl", "0")
    assert refused.returncode == 1
    assert "ttl" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_settings_that_can_not_be_used_are_answered_in_a_sentence(stack):
    def verb(name: str, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        command = [str(CHECKOUT / "ops" / name), *arguments, "--data", str(stack.data)]
        done = subprocess.run(command, env=environment(**settings), capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stderr
        return done

    assert verb("token", "--project", "111", DARKROOM_MINIO="/no/such/server").returncode == 0
    status = verb("status", DARKROOM_IMAGE_WORKERS="abc")
    assert status.returncode == 1
    assert "DARKROOM_IMAGE_WORKERS is 'abc'" in status.stdout
    known = {"DARKROOM_DATABASE_URL": "postgresql://darkroom:postgres@db.lan/darkroom"}
    for name, code in (("verify", 2), ("open", 1)):
        done = verb(name, **known)
        assert done.returncode == code
        assert "default or empty password" in done.stderr


def test_a_verb_says_when_nothing_is_running(stack):
    idle = stack.folder / "idle"
    status = stack.verb("status", data=idle)
    assert status.returncode == 3
    assert "./ops/up" in status.stdout
    asked = stack.verb("open", data=idle)
    assert asked.returncode == 1
    assert "./ops/up" in asked.stderr
    assert stack.verb("down", data=idle).returncode == 0
    assert not idle.exists(), "only up makes a data folder"


@pytest.mark.parametrize(
    "command",
    [[path.name] for path in VERBS]
    + [["apikey", "create"], ["apikey", "revoke"], ["bench", "transform"], ["bench", "ingest"]],
)
def test_help_needs_nothing(command):
    """Not even the environment: here with a Python that sees no installed package at all."""
    verb = CHECKOUT / "ops" / command[0]
    bare = [sys._base_executable, "-S", str(verb), *command[1:], "--help"]
    shown = subprocess.run(bare, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=30)
    assert shown.returncode == 0, shown.stderr
    assert f"./ops/{command[0]}" in shown.stdout
