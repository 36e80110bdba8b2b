"""Finding out which layers hold here, each by doing it whole in a process that is thrown away.

Asking the kernel is not enough: on some systems a namespace can be made and then gives no rights, on others a program
is there and may not do what it is for.
"""

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from processors.sandbox.cgroup import MemoryGroup
from processors.sandbox.command import ENVIRONMENT, command
from processors.sandbox.layers import ALL, Layer, Protection

PROBE_SECONDS = 20.0
# More than an interpreter needs, less than the attempt takes.
GROUP_BYTES = 64 << 20
NOT_NEEDED = "bubblewrap makes them"

_known: dict[frozenset[Layer], Protection] = {}


async def probe(wanted: Iterable[Layer] = ALL) -> Protection:
    """Which of the `wanted` layers are in force on this machine for children of this process. Asked once a process."""
    asked = frozenset(wanted)
    if asked not in _known:
        _known[asked] = await asyncio.to_thread(_probed, asked)
    return _known[asked]


def _probed(wanted: frozenset[Layer]) -> Protection:
    missing: dict[str, str] = {layer: "not asked for" for layer in Layer if layer not in wanted}
    with tempfile.TemporaryDirectory(prefix="darkroom-probe-") as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        trials = [_Trial(layer, folder, listener.getsockname()[1]) for layer in Layer if layer in wanted]
        missing |= {trial.layer: why for trial in trials if (why := trial.outcome())}
    layers = ALL - set(missing)
    if Layer.BUBBLEWRAP in layers and Layer.UNSHARE in layers:
        missing, layers = {**missing, Layer.UNSHARE: NOT_NEEDED}, layers - {Layer.UNSHARE}
    return Protection(layers, missing)


class _Trial:
    """One layer, tried in a process of its own that begins at once."""

    def __init__(self, layer: Layer, folder: str, port: int) -> None:
        self.layer = layer
        self._why = ""
        self._group: MemoryGroup | None = None
        try:
            self._process = self._started(Path(folder), port)
        except OSError as error:
            self._why = str(error) or type(error).__name__

    def _started(self, folder: Path, port: int) -> "subprocess.Popen[str]":
        # Open to everybody, so that it is the layer which forbids, and not a mode.
        folder.chmod(0o777)
        secret = folder / "secret"
        secret.write_text("secret")
        secret.chmod(0o644)
        arguments = [f"--secret={secret}", f"--folder={folder}", f"--port={port}", f"--victim={os.getpid()}"]
        door = None
        try:
            if self.layer is Layer.CGROUP:
                self._group = MemoryGroup(GROUP_BYTES)
                door = self._group.door()
            return subprocess.Popen(
                command({self.layer}, "attempts", arguments, door),
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                pass_fds=() if door is None else (door,),
                start_new_session=True,
            )
        finally:
            if door is not None:
                os.close(door)

    def outcome(self) -> str:
        """Why the layer does not hold; empty if it does."""
        if self._why:
            return self._why
        try:
            said = self._process.communicate(timeout=PROBE_SECONDS)[1].strip()
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            said = f"no answer in {PROBE_SECONDS:g} s"
        if self._group is not None:
            killed = self._group.killed
            self._group.remove()
            return "" if killed else said.splitlines()[-1] if said else "too much memory went through"
        if self._process.returncode == 0:
            return ""
        return said.splitlines()[-1] if said else f"status {self._process.returncode}"
