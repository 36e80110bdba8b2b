"""Each layer of the sandbox alone, and what is made of a machine that does not give them all."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ops import sandboxes
from processors.refusals import Refused
from processors.sandbox.command import CHECKOUT, ENVIRONMENT, command
from processors.sandbox.entry import NOT_CLOSED
from processors.sandbox.errors import SandboxWeak
from processors.sandbox.layers import ALL, Layer, Protection
from processors.sandbox.memory import tree
from processors.sandbox.probe import probe
from processors.sandbox.sandbox import Sandbox
from tests.processors.pictures import encoded, large, scene

PHOTO = encoded(scene(1200, 900), "JPEG", quality=90)
FILTER, LANDLOCK, BUBBLEWRAP, UNSHARE, CGROUP = Layer

# An ordinary user may have no bubblewrap and no control group; with root, as in CI, all have to hold.
INSTALLED = [BUBBLEWRAP] if shutil.which("bwrap") else []
GIVEN = [FILTER, LANDLOCK, UNSHARE, *INSTALLED]


@pytest.mark.parametrize("layer", GIVEN)
async def test_a_layer_holds_alone(layer: Layer) -> None:
    found = await probe({layer})
    assert found.layers == {layer}, found.missing


@pytest.mark.root
async def test_for_root_every_layer_holds() -> None:
    for layer in ALL:
        found = await probe({layer})
        assert found.layers == {layer}, found.missing
    best = await probe()
    assert best.layers == ALL - {UNSHARE}
    assert str(best) == "strong (filter, landlock, bubblewrap, cgroup; not unshare: bubblewrap makes them)"


def test_without_a_layer_every_attempt_goes_through(tmp_path: Path) -> None:
    """Else the probe would prove nothing."""
    (tmp_path / "secret").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        places = [f"--secret={tmp_path}/secret", f"--folder={tmp_path}", f"--port={port}", f"--victim={os.getpid()}"]
        done = subprocess.run(
            command((), "attempts", places), env=ENVIRONMENT, cwd="/", capture_output=True, text=True, timeout=30
        )
    assert done.returncode == NOT_CLOSED
    if os.geteuid() == 0:  # an ordinary user may be forbidden to trace by the system
        assert done.stderr.strip().endswith(
            "it does not stop: "
            "read a secret, write outside, connect, open a socket, fork, signal, have a signal sent, trace, "
            "make a memory file, share memory"
        )


@pytest.mark.parametrize("second", [LANDLOCK, UNSHARE, *INSTALLED])
async def test_photos_are_developed_behind_any_of_them(second: Layer) -> None:
    async with Sandbox(protection=Protection(frozenset({FILTER, second}))) as sandbox:
        assert len((await sandbox.develop(PHOTO)).versions) == 4


@pytest.mark.parametrize("second", [UNSHARE, *INSTALLED])
async def test_namespaces_are_of_the_child_alone(second: Layer) -> None:
    async with Sandbox(protection=Protection(frozenset({FILTER, second}))) as sandbox:
        for kind in ("net", "mnt", "pid", "ipc", "uts"):
            assert os.readlink(f"/proc/{sandbox.pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), kind


@pytest.mark.root
async def test_the_file_system_of_the_child_is_empty_and_its_uid_its_own() -> None:
    async with Sandbox(protection=Protection(frozenset({FILTER, UNSHARE}))) as sandbox:
        assert os.listdir(f"/proc/{sandbox.pid}/root") == []
        with open(f"/proc/{sandbox.pid}/status") as file:  # noqa: ASYNC230  it is memory
            status = file.read()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert fields["Uid"].split() == ["65534"] * 4
    assert fields["CapEff"] == fields["CapPrm"] == "0" * 16
    assert fields["NoNewPrivs"] == "1"


async def _refusal_of_what_takes_too_much(layers: set[Layer]) -> str:
    async with Sandbox(max_bytes=150 << 20, protection=Protection(frozenset(layers))) as small:
        with pytest.raises(Refused) as caught:
            await small.develop(large())
        assert (await small.develop(PHOTO)).versions
        return caught.value.code


async def test_the_watchdog_alone_ends_what_takes_too_much() -> None:
    assert await _refusal_of_what_takes_too_much({FILTER, LANDLOCK}) == "too_much_memory"
    assert await _refusal_of_what_takes_too_much({FILTER, UNSHARE}) == "too_much_memory"


@pytest.mark.root
async def test_the_control_group_alone_ends_what_takes_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.sandbox.spawn.resident_bytes", lambda pid: 0)
    assert await _refusal_of_what_takes_too_much({FILTER, LANDLOCK, CGROUP}) == "too_much_memory"


@pytest.mark.parametrize("second", [UNSHARE, *INSTALLED])
async def test_the_end_is_the_end_of_the_group(second: Layer) -> None:
    sandbox = Sandbox(protection=Protection(frozenset({FILTER, second})))
    await sandbox.start()
    assert sandbox._child
    processes = tree(sandbox._child.process.pid)
    assert len(processes) >= 2
    await sandbox.close()
    async with asyncio.timeout(10):
        for pid in processes:
            await _ended(pid)


async def _ended(pid: int) -> None:
    while _runs(pid):  # noqa: ASYNC110  nobody tells of it
        await asyncio.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_where_root_can_not_become_nobody_it_says_so(tmp_path: Path) -> None:
    """In a user namespace that holds no other user."""
    script = """
import asyncio, sys
from processors.sandbox.sandbox import Sandbox
async def main():
    async with Sandbox() as sandbox:
        made = await sandbox.develop(sys.stdin.buffer.read())
        print(len(made.versions), sandbox.protection)
asyncio.run(main())
"""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", script],
        env={"PYTHONPATH": CHECKOUT, "PATH": os.environ["PATH"]},
        input=PHOTO,
        capture_output=True,
        timeout=60,
    )
    said = done.stdout.decode()
    assert said.startswith("4 strong"), done.stderr.decode()
    assert "own uid: nobody's can't be had here" in said


async def test_the_filter_alone_is_too_little_unless_told_otherwise() -> None:
    alone = Protection(frozenset({FILTER}), {LANDLOCK: "not in this kernel"})
    assert not alone.strong
    with pytest.raises(SandboxWeak, match="landlock: not in this kernel"):
        await Sandbox(protection=alone).start()
    async with Sandbox(protection=alone, weak=True) as sandbox:
        assert (await sandbox.develop(PHOTO)).versions


@pytest.mark.parametrize("weak", [False, True])
def test_a_machine_that_has_only_the_filter(tmp_path: Path, weak: bool) -> None:
    """Probed there, not here: the whole of it runs where neither Landlock nor a namespace can be had."""
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    words = [str(tmp_path / "photo.jpg"), "--into", str(tmp_path), *(["--weak"] if weak else [])]
    done = subprocess.run(
        [sys.executable, "-m", "tests.processors.restricted", sys.executable, "-m", "processors", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == (0 if weak else 1), done.stderr
    assert ("WEAK (filter" in done.stderr) != weak
    assert ("--weak works all the same" in done.stderr) != weak
    assert len(list(tmp_path.glob("photo.*.jpg"))) == (4 if weak else 0)


def test_weakness_is_told_in_red() -> None:
    weak = {"strong": False, "layers": ["filter"], "missing": {"landlock": "not in this kernel"}}
    strong = {"strong": True, "layers": ["filter", "landlock"], "missing": {}}
    assert sandboxes.told(weak, colour=True).startswith("\x1b[1;31msandbox: WEAK")
    assert "landlock: not in this kernel" in sandboxes.told(weak, colour=False)
    assert sandboxes.told(strong, colour=True) == "sandbox: strong (filter, landlock)"
