"""A host with the role `library`: the workflow it was rendered with begins by itself, and nobody types anything."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cluster import FILMS, WORKFLOWS, Cluster
from tests.cluster.conftest import EVERYTHING
from tests.processors.clips import clip

pytestmark = [pytest.mark.long, pytest.mark.root, pytest.mark.timeout(300)]

WORKFLOW = {
    "name": "Films",
    "source": {"folder": str(FILMS), "settled": "0s"},
    "target": {"codec": "h265", "bit_rates": {"2160": "400k"}},
    "replace": {"allowed": True},
}
WORKER = "worker-backfill-1"


@pytest.fixture(scope="module")
def hosts() -> Iterator[Cluster]:
    """One that stores and has the ledger, and one that has nothing but a film, which is root's."""
    with tempfile.TemporaryDirectory(prefix="dk-hosts-") as folder:
        made = Cluster(Path(folder), {"a": EVERYTHING, "b": ["library"]}, drives=4)
        try:
            made.build()
            (made.folder / WORKFLOWS).mkdir()
            (made.folder / WORKFLOWS / "films.json").write_text(json.dumps(WORKFLOW))
            film = made.folder / "b/upper" / FILMS.relative_to("/") / "film.mp4"
            film.parent.mkdir(parents=True, mode=0o755)
            film.write_bytes(clip("-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-pix_fmt", "yuv420p"))
            made.render()
            made.install()
            made.mount()
            made.start()
            made.wait_ready()
            yield made
        finally:
            made.close()


def standing(hosts: Cluster, waits: str | None) -> dict[str, Any]:
    """Once it has been looked through, and waits for what begins like this."""
    limit = time.monotonic() + 60
    while True:
        listed = json.loads(hosts.ops("library", "status", "--json").stdout)
        for one in listed:
            same = one["waits"] is None if waits is None else (one["waits"] or "").startswith(waits)
            if same and one["scan"] and one["scan"]["ended_at"]:
                return dict(one)
        assert time.monotonic() < limit, f"{listed}\n{hosts.services['b'][WORKER].log.read_text()[-3000:]}"
        time.sleep(0.5)


def test_what_is_mounted_is_looked_through_and_says_what_it_lacks(hosts: Cluster) -> None:
    host = hosts.machines["b"]
    uid = host.run("id", "--user", "darkroom").stdout.strip()
    closed = standing(hosts, f"the folder {FILMS} can't be written by uid {uid}: setfacl")
    assert (closed["scan"]["seen"], closed["ahead"]["waiting"]) == (1, 1)
    assert "chown -R" in hosts.ops("library", "status").stdout
    host.run(*closed["waits"].rpartition(", or ")[2].split())
    assert standing(hosts, None)["mounted"]


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
