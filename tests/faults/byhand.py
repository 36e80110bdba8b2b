"""The parts of an appliance without its supervisor: started one by one, in any order, and again when they end."""

import os
import pwd
import signal
import subprocess
import threading
from typing import Any

import psutil

from tests.faults.parts import recorded
from tests.stack import Stack

AGAIN = 0.5
"""Seconds after which what has ended is started again, as systemd does it with Restart=always and RestartSec=500ms."""


class Unit:
    """One part: how it was started by the supervisor."""

    def __init__(self, pid: int, command: list[str] | None = None) -> None:
        process = psutil.Process(pid)
        self.starts = 0
        self._command, self._environment, self._folder = command or process.cmdline(), process.environ(), process.cwd()
        self._user = _user(process)
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep)
        self._ending.clear()
        self._thread.start()

    def _keep(self) -> None:
        while not self._ending.is_set():
            self.starts += 1
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                **self._user,
            )
            self._process.wait()
            self._ending.wait(AGAIN)

    def end(self, number: signal.Signals) -> None:
        """Ends it with all that it started."""
        self._ending.set()
        if self._process is None:
            return
        family = [self._process.pid, *(c.pid for c in _children(self._process.pid))]
        self._process.send_signal(number)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(30)
        for pid in family[1:]:
            if psutil.pid_exists(pid):
                psutil.Process(pid).kill()


class ByHand:
    """All parts of an appliance that runs; it is ended by this, so that they can be started in other ways."""

    def __init__(self, stack: Stack) -> None:
        running = {name: part["pid"] for name, part in recorded(stack).items() if part["pid"]}
        self.units = {name: Unit(pid) for name, pid in running.items()}
        # Valkey writes something else over its own command line.
        valkey = [psutil.Process(running["valkey"]).exe(), str(stack.data / "valkey" / "valkey.conf")]
        self.units["valkey"] = Unit(running["valkey"], valkey)
        stack.down()

    def end(self) -> None:
        """The clients first, Postgres by a fast shutdown."""
        last = ("storage", "valkey", "postgres")
        for name in [*(name for name in self.units if name not in last), *last]:
            self.units[name].end(signal.SIGINT if name == "postgres" else signal.SIGTERM)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _user(process: psutil.Process) -> dict[str, Any]:
    """As the part ran: root's appliances have an account of their own."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwuid(process.uids().real)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
