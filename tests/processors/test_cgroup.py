"""Control groups: made where they can be had, and none left behind."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from processors.sandbox import cgroup
from processors.sandbox.cgroup import MemoryGroup
from processors.sandbox.command import CHECKOUT

BYTES = 64 << 20


def groups(pid: int) -> set[Path]:
    """Those that process `pid` has made."""
    return {path for place, _ in cgroup._places() for path in place.glob(f"darkroom-{pid}-*")}


@pytest.mark.root
def test_what_a_killed_process_left_is_removed_by_the_next() -> None:
    script = "from processors.sandbox.cgroup import MemoryGroup as G; import os; G(1 << 26); os.kill(os.getpid(), 9)"
    killed = subprocess.Popen([sys.executable, "-c", script], env={"PYTHONPATH": CHECKOUT})
    killed.wait()
    assert len(groups(killed.pid)) == 1
    MemoryGroup(BYTES).remove()
    assert groups(killed.pid) == set()


@pytest.mark.root
def test_what_lives_is_left_alone() -> None:
    first = MemoryGroup(BYTES)
    MemoryGroup(BYTES).remove()
    assert groups(os.getpid()) == {first._path}
    first.remove()
    assert groups(os.getpid()) == set()


@pytest.mark.root
async def test_a_group_that_is_slow_to_empty_is_removed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "REMOVE_SECONDS", 0.05)
    group = MemoryGroup(BYTES)
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    (group._path / "cgroup.procs").write_text(str(sleeper.pid))
    group.remove()
    assert groups(os.getpid()) == {group._path}
    sleeper.kill()
    await sleeper.wait()
    MemoryGroup(BYTES).remove()
    assert groups(os.getpid()) == set()


def test_version_2_is_asked_to_limit_memory_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a folder that looks like one: what the kernel makes of it was not tried."""
    monkeypatch.setattr(cgroup, "_places", lambda: [(tmp_path, cgroup.V2)])
    (tmp_path / "cgroup.subtree_control").touch()
    with pytest.raises(OSError, match="no control group"):
        MemoryGroup(BYTES)
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"
    assert list(tmp_path.glob("darkroom-*")) == []
