"""What workers note for others to step back for."""

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.files import precedence
from appliance.files.precedence import Urgent, Watch

pytestmark = pytest.mark.pure

ANOTHER = """
import os, signal, sys
from pathlib import Path
from appliance.files.precedence import Urgent
with Urgent(Path(sys.argv[1]), "other").work():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_something_is_urgent_as_long_as_one_is_at_it(tmp_path: Path) -> None:
    one, two = Urgent(tmp_path, "one"), Urgent(tmp_path, "two")
    watch = Watch(tmp_path)
    assert not watch.urgent()
    with one.work():
        with one.work(), two.work():
            assert watch.urgent()
        assert watch.urgent()
    assert not watch.urgent()


def test_a_worker_that_was_killed_is_waited_for_a_moment_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "FRESH_SECONDS", 60.0)
    subprocess.run([sys.executable, "-c", ANOTHER, str(tmp_path)], timeout=60, check=False)
    watch = Watch(tmp_path)
    assert watch.urgent()
    monkeypatch.setattr(precedence, "FRESH_SECONDS", 0.0)
    assert not watch.urgent()
    Urgent(tmp_path, "other")  # its next life begins with nothing
    monkeypatch.undo()
    assert not watch.urgent()


def test_workers_that_come_later_are_seen_and_no_folder_is_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precedence, "LOOK_SECONDS", 0.0)
    watch = Watch(tmp_path / "urgent")
    assert not watch.urgent()
    with Urgent(tmp_path / "urgent", "late").work():
        assert watch.urgent()
