"""What begins and asks a container's process, tried on real daemons: ops.containers.enter and ops.healthy."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from ops import health, healthy
from ops.clusters import description, units
from ops.clusters.description import Cluster
from tests.daemons import valkey
from tests.stack import CHECKOUT

ODD = {
    "PLAIN": "a b",
    "QUOTED": 'say "no"',
    "SLASHED": "a\\b\\\\",
    "DOLLAR": "$HOME ${X}",
    "EMPTY": "",
    "SPACES": "  x  ",
}


@pytest.mark.pure
def test_a_part_gets_the_variables_of_its_file_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "part.env"
    file.write_text(units.settings(ODD))
    show = "import json, os; print(json.dumps([dict(os.environ), oct(os.umask(0))]))"
    command = [sys.executable, "-P", "-m", "ops.containers.enter", str(file), sys.executable, "-I", "-c", show]
    given = {**os.environ, "PYTHONPATH": str(CHECKOUT), "STRAY": "of the image"}
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found, umask = json.loads(done.stdout)
    assert {name: value for name, value in found.items() if name != "LC_CTYPE"} == ODD
    assert umask == "0o77"


@pytest.mark.pure
def test_no_line_is_guessed_at() -> None:
    with pytest.raises(ValueError, match="NAME is not in double quotes"):
        units.variables("NAME=value\n")


@pytest.mark.pure
def test_what_is_no_verb_is_refused() -> None:
    command = [sys.executable, "-P", "-m", "ops.containers.verb", "no-such"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "'no-such' is no verb" in done.stderr


@pytest.fixture
def queue(tmp_path: Path):
    server = valkey.start(tmp_path / "valkey")
    yield server
    server.daemon.stop()


def cluster(port: int) -> Cluster:
    return description.parse((CHECKOUT / "compose.toml").read_text() + f"\n[ports]\nvalkey = {port}\n")


def asked(of: Cluster, host: str, part: str, own: dict[str, str], pid: int) -> str:
    check = healthy.check(of, host, part, own)
    assert check
    return asyncio.run(health.ask(check, pid))


def test_a_worker_is_well_while_its_own_process_says_so(queue: valkey.Valkey) -> None:
    own = {"DARKROOM_VALKEY_URL": f"redis://:{queue.password}@127.0.0.1:{queue.port}/0"}
    of = cluster(queue.port)
    with redis.Redis(port=queue.port, password=queue.password) as client:
        assert "no sign of life" in asked(of, "worker", "worker-images-1", own, 7)
        client.set("darkroom:health:worker-images-1@worker", json.dumps({"pid": 7}))
        assert asked(of, "worker", "worker-images-1", own, 7) == ""
        assert "an earlier process" in asked(of, "worker", "worker-images-1", own, 8)
    queue.daemon.stop()
    assert "ConnectionError" in asked(of, "worker", "worker-images-1", own, 7)


def test_the_queue_is_asked_with_the_password_of_its_own_file(
    queue: valkey.Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = cluster(queue.port)
    assert "AuthenticationError" in asked(of, "database", "valkey", {}, 7)
    monkeypatch.setattr("ops.clusters.places.DATA", tmp_path)
    assert asked(of, "database", "valkey", {}, 7) == ""


def test_a_part_that_is_not_there_has_no_health() -> None:
    of = cluster(9004)
    assert healthy.check(of, "worker", "api", {}) is None
    assert healthy.check(of, "nobody", "api", {}) is None
