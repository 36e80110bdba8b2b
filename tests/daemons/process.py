"""A real daemon of a test: started with its output in a file, waited for, ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ops import ports


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on, that no connection will be given, and nobody else who asks here."""
    return ports.choose()


def listening(port: int) -> bool:
    """Whether something takes connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def freeze(pid: int, seconds: float = 10) -> None:
    """SIGSTOP, and waits until every thread stands: on a busy machine one of them may answer meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    limit = time.monotonic() + seconds
    while not all(_stands(task) for task in Path(f"/proc/{pid}/task").iterdir()):
        assert time.monotonic() < limit, f"process {pid} did not stop"
        time.sleep(0.001)


def _stands(task: Path) -> bool:
    """Whether a thread is stopped, or is no more: proc_pid_stat(5)."""
    try:
        return (task / "stat").read_text().rsplit(")", 1)[1].split()[0] in "TXZ"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Daemon:
    """One process, and what to ask to know that it is ready. `argv`, `env` and `log` may be read after the start."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        log: Path,
        ready: Callable[[], bool],
        user: int | None = None,
    ) -> None:
        self.argv, self.env, self.log = list(argv), dict(env), log
        self._ready, self._user = ready, user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self, seconds: float = 30) -> "Daemon":
        """Starts the process and waits until it is ready. Fails with the end of its log if that doesn't come."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.argv, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self._user
            )
        limit = time.monotonic() + seconds
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > limit:
                self.stop()
                raise AssertionError(f"{self.argv[0]} did not come up:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)
        return self

    def stop(self, with_signal: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
        """Ends the process, if need be by force, and waits for it. Nothing happens if it has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(with_signal)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """kill -9."""
        self.stop(signal.SIGKILL)

    def freeze(self) -> None:
        """It stands, with what is asked of it unanswered, until `thaw`."""
        freeze(self.pid)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def cpu_seconds(self) -> float:
        """CPU time of the process so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
