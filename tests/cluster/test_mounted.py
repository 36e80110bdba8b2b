"""A host with the role `library`: the workflow it was rendered with begins by itself, and nobody types anything."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cluster import FILMS, WORKFLOWS, Cluster
from tests.cluster.conftest import EVERYTHING
from tests.processors.clips import clip

pytestmark = [pytest.mark.long, pytest.mark.root, pytest.mark.timeout(600)]

WORKFLOW = {
    "name": "Films",
    "source": {"folder": str(FILMS), "settled": "0s"},
    "target": {"codec": "h265", "bit_rates": {"2160": "400k"}},
    "replace": {"allowed": True},
    "verify": {"least_vmaf": 0},
    "limits": {"least_free": "0"},
}
WORKER, FILM = "worker-backfill-1", FILMS / "film.mp4"


@pytest.fixture(scope="module")
def hosts() -> Iterator[Cluster]:
    """One that stores and has the ledger, and one that has nothing but a film, which is root's."""
    with tempfile.TemporaryDirectory(prefix="dk-hosts-") as folder:
        made = Cluster(Path(folder), {"a": EVERYTHING, "b": ["library"]}, drives=4)
        try:
            made.build()
            (made.folder / WORKFLOWS).mkdir()
            (made.folder / WORKFLOWS / "films.json").write_text(json.dumps(WORKFLOW))
            made.machines["b"].run("mkdir", "--mode=0755", str(FILMS))
            film = clip("-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-pix_fmt", "yuv420p")
            written = made.machines["b"].inside("tee", str(FILM))
            subprocess.run(written, input=film, stdout=subprocess.DEVNULL, check=True)
            made.render()
            made.install()
            made.mount()
            made.start()
            made.wait_ready()
            yield made
        finally:
            made.close()


def standing(hosts: Cluster, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Of the library, once it is as wanted."""
    limit = time.monotonic() + 90
    while True:
        listed = json.loads(hosts.ops("library", "status", "--json").stdout)
        for one in filter(wanted, listed):
            return dict(one)
        assert time.monotonic() < limit, f"{listed}\n{hosts.services['b'][WORKER].log.read_text()[-3000:]}"
        time.sleep(0.5)


def test_what_is_mounted_is_looked_through_and_made_anew_once_it_may_be(hosts: Cluster) -> None:
    host = hosts.machines["b"]
    uid = host.run("id", "--user", "darkroom").stdout.strip()
    closed = standing(hosts, lambda one: bool(one["waits"] and one["scan"] and one["scan"]["ended_at"]))
    assert closed["waits"].startswith(f"the folder {FILMS} can't be written by uid {uid}: setfacl")
    assert (closed["scan"]["seen"], closed["ahead"]["waiting"]) == (1, 1)
    assert "chown -R" in hosts.ops("library", "status").stdout
    before = host.run("sha256sum", str(FILM)).stdout
    host.run(*closed["waits"].rpartition(", or ")[2].split())
    made = standing(
        hosts, lambda one: bool(one["behind"]["replaced"] or one["behind"]["kept"] or one["ahead"]["failed"])
    )
    assert made["behind"]["replaced"] == 1, hosts.services["b"][WORKER].log.read_text()[-3000:]
    assert host.run("sha256sum", str(FILM)).stdout != before


def test_its_worker_is_one_of_those_that_are_well(hosts: Cluster) -> None:
    pid = hosts.services["b"][WORKER].pid
    asked = ["/opt/darkroom/venv/bin/python", "-P", "-m", "ops.healthy", "b", f"{WORKER}={pid}"]
    done = hosts.machines["b"].run("env", "PYTHONPATH=/opt/darkroom/code", *asked, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, f"{WORKER} is well")


def test_to_give_it_a_workflow_by_hand_is_refused_with_the_way_that_there_is(hosts: Cluster) -> None:
    given = "/root/films.json"
    hosts.database.run("sh", "-c", f"echo '{json.dumps(WORKFLOW)}' > {given}")
    done = hosts.ops("library", "run", given, check=False)
    assert done.returncode == 1
    assert "on several hosts workflows come from the inventory" in done.stderr


def test_a_bucket_is_worked_on_with_the_key_that_lies_beside_its_workflow(hosts: Cluster) -> None:
    hosts.ops("bucket", "create", "films", "--quota", "1G")
    made = json.loads(hosts.ops("key", "create", "--bucket", "films", "--json").stdout)
    key, folder = f"{made['AWS_ACCESS_KEY_ID']}:{made['AWS_SECRET_ACCESS_KEY']}\n", hosts.folder / WORKFLOWS
    (folder / "films.key").touch(0o600)
    (folder / "films.key").write_text(key)
    source = {"bucket": "films", "key_file": "films.key"}
    (folder / "bucket.json").write_text(json.dumps(WORKFLOW | {"name": "Bucket", "source": source}))
    assert key.strip() not in hosts.render()
    hosts.install("b")
    host, place = hosts.machines["b"], "/etc/darkroom/library/films.key"
    assert host.run("stat", "--format=%a %U", place).stdout.split() == ["600", "darkroom"]
    assert host.run("cat", place).stdout == key
    assert not hosts.machines["a"].run("find", "/etc/darkroom", "-name", "films.key").stdout
    # What was tried is to list and to write: with another key it would say which of them is refused.
    one = standing(hosts, lambda one: one["name"] == "Bucket" and one["scan"] and one["scan"]["ended_at"])
    assert (one["host"], one["waits"], one["scan"]["problem"], one["scan"]["seen"]) == ("b", None, None, 0)
