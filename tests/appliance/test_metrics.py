"""What operators see: figures of every part, moved by what happens."""

import re
import signal
from collections import defaultdict

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from tests.appliance import pictures
from tests.appliance.client import Project, heard, wait_for
from tests.stack import Stack

NO_PICTURE = b"This is no picture at all, only a line of text."


def figures(project: Project) -> defaultdict[str, float]:
    """Every series by its name and its labels' values."""
    answer = project.server.get("/metrics")
    assert answer.status_code == 200, answer.text
    found: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[" ".join([sample.name, *sample.labels.values()])] = sample.value
    return found


def grown(project: Project, before: dict[str, float], **least: float) -> None:
    """Waits until series, named with `__` for spaces, have grown by so much at least: counts come with the beat."""
    wanted = {name.replace("__", " "): by for name, by in least.items()}

    def all_grown() -> bool:
        now = figures(project)
        return all(now[name] - before.get(name, 0) >= by for name, by in wanted.items())

    wait_for(all_grown)


def decoders(stack: Stack) -> list[psutil.Process]:
    """The decoding processes of all workers, and those that only wait for one."""
    workers = [psutil.Process(part["pid"]) for part in stack.parts().values() if part["role"] == "worker"]
    children = [child for worker in workers for child in worker.children(recursive=True)]
    return [child for child in children if "processors.sandbox" in _command(child)]


def _command(process: psutil.Process) -> str:
    """Empty for one that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_uploads_attempts_and_answers_are_counted(project: Project) -> None:
    before = figures(project)
    good, bad = project.upload(pictures.jpeg(300, 200)), project.upload(NO_PICTURE)
    assert project.ended(good)["state"] == "done"
    code = project.ended(bad)["error"]["code"]
    grown(
        project,
        before,
        darkroom_uploads_total__notification=2,
        darkroom_attempts_total__images__done=1,
        darkroom_attempt_seconds_total__images__done=0.001,
        **{f"darkroom_attempts_total__images__{code}": 1, f"darkroom_failed_assets__{code}": 1},
        **{"darkroom_requests_total POST /images 201": 2},
    )
    now = figures(project)
    assert not [name for name in now if good in name], "no series for each asset"


def test_every_part_and_every_source_is_there(project: Project, stack: Stack) -> None:
    parts = {part["name"]: part for part in stack.status()["parts"] if part["pid"]}
    wait_for(lambda: all(figures(project)[f"darkroom_part_up {name}"] == 1 for name in parts), 30)
    now = figures(project)
    for name in parts:
        assert now[f"darkroom_part_memory_bytes {name}"] > 1_000_000, name
        assert now[f"darkroom_part_cpu_seconds_total {name}"] > 0, name
        assert f"darkroom_part_restarts_total {name}" in now
    for source in ("ledger", "counts", "beats", "queue", "parts", "storage"):
        assert now[f"darkroom_source_answers {source}"] == 1
    assert now["darkroom_storage_writable"] == 1
    assert now["darkroom_storage_drives ok"] == 4
    assert 0 < now["darkroom_storage_bytes free"] <= now["darkroom_storage_bytes total"]
    for name in ("api", "intake", "webhooks", "worker-images-1", "worker-images-2"):
        assert now[f"darkroom_beat_age_seconds {name}"] < 10
    for name in ("waiting_jobs images", "oldest_waiting_seconds images", "overdue_leases", "sweep_behind_seconds"):
        assert f"darkroom_{name}" in now
    for name in ("webhooks ok", "webhook_events_behind ok", "inbox_notifications waiting", "queued_jobs images"):
        assert f"darkroom_{name}" in now


def test_readers_are_counted_while_they_are_there(project: Project) -> None:
    with project.socket(after=0), project.socket(after=0):
        wait_for(lambda: figures(project)["darkroom_readers"] >= 2)
    wait_for(lambda: figures(project)["darkroom_readers"] < 2)


def test_readers_that_are_dismissed_are_counted(project: Project) -> None:
    before = figures(project)
    with project.socket(after=0) as socket:
        socket.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            heard(socket, lambda message: False)
    grown(project, before, darkroom_readers_dismissed_total__1009=1)


@pytest.mark.long
def test_work_that_waits_is_shown_by_its_age(project: Project, stack: Stack) -> None:
    """With the workers standing still, what waits grows older, and in the end the lost file is seen to be."""
    workers = [name for name in stack.parts() if name.startswith("worker-")]
    for name in workers:
        stack.kill(name, signal.SIGSTOP)
    try:
        image = project.upload(pictures.jpeg(300, 200))
        wait_for(lambda: figures(project)["darkroom_oldest_waiting_seconds images"] > 1, 20)
        assert figures(project)["darkroom_waiting_jobs images"] >= 1
    finally:
        for name in workers:
            stack.kill(name, signal.SIGCONT)
    assert project.ended(image)["state"] == "done"
    wait_for(lambda: figures(project)["darkroom_waiting_jobs images"] == 0)


@pytest.mark.long  # tests/faults/test_hangs.py has the same hang, and whatever else is counted is counted above
def test_a_killed_sandbox_is_counted(project: Project, stack: Stack) -> None:
    before = figures(project)
    children = decoders(stack)
    assert len(children) >= 2, "so whichever worker gets the file finds its decoder hanging"
    for child in children:
        child.send_signal(signal.SIGSTOP)
    image = project.upload(pictures.jpeg(300, 200))
    assert project.ended(image)["error"]["code"] == "too_slow"
    grown(project, before, darkroom_sandbox_ends_total__time=1, darkroom_attempts_total__images__too_slow=1)
    for child in children:
        if child.is_running():
            child.send_signal(signal.SIGCONT)


@pytest.mark.long
def test_valkey_being_away_hides_only_its_own_figures(project: Project, stack: Stack) -> None:
    stack.kill("valkey", signal.SIGSTOP)
    try:
        answer = httpx.get(f"{stack.url}/metrics", headers={"Authorization": f"Bearer {stack.key}"}, timeout=20)
    finally:
        stack.kill("valkey", signal.SIGCONT)
        stack.wait_well()
    assert answer.status_code == 200
    assert 'darkroom_source_answers{source="queue"} 0.0' in answer.text
    assert 'darkroom_source_answers{source="ledger"} 1.0' in answer.text
    assert re.search(r'^darkroom_waiting_jobs\{lane="images"\} ', answer.text, re.MULTILINE)
