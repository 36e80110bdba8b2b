"""Hosts are restarted one after the other, each only while all others are well; with the first doubt that ends.

Run on the host of ledger and queue, which reaches the others by a command that the operator names, such as
`ssh root@{address}`.
"""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ops.clusters import places, units
from ops.clusters.description import Cluster, Host
from ops.inventory import Part
from ops.program import STARTED
from storage.admin import Admin
from storage.errors import StorageError

Say = Callable[[str], None]
PAUSE = 0.5
GATEWAY = "darkroom-gateway.service"
SHOWN = "--property=MainPID,ActiveState"
ASKED = ("env", f"PYTHONPATH={places.CODE}", str(places.VENV / "bin/python"), "-m", "ops.healthy")


class Doubt(Exception):
    """Something is not as it should be. Says what, and what to do next."""


@dataclass(frozen=True)
class Way:
    """How a command gets to a host: a command line in which {address} and {host} stand for it."""

    template: str
    here: str
    """The name of this host, where commands run as they are."""

    def command(self, host: Host, *command: str) -> list[str]:
        """The command line that runs `command` there."""
        way = [] if host.name == self.here else shlex.split(self.template.format(address=host.address, host=host.name))
        return [*way, *command]

    def run(self, host: Host, *command: str, seconds: float = 120, well: Sequence[int] = (0,)) -> str:
        """What the command printed. Raises Doubt for an exit code that is not `well`."""
        line = self.command(host, *command)
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=seconds)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Doubt(f"{host.name} was not reached: {error}\n  → Is --via right? {shlex.join(line)}") from error
        if done.returncode not in well:
            raise Doubt(f"{host.name}: {shlex.join(command)} failed: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout


def _properties(block: str) -> dict[str, str]:
    """What `systemctl show` says of one unit."""
    return dict(line.split("=", 1) for line in block.splitlines() if line)


@dataclass(frozen=True)
class Rolling:
    """`healing` says what keeps storage from having been looked after since a moment (of time.time()), or nothing;
    `patience` is seconds a host may take.
    """

    cluster: Cluster
    admin: Admin
    way: Way
    say: Say
    healing: Callable[[float], str]
    patience: float = 300.0

    def sure(self) -> None:
        """Raises Doubt unless every node and drive is here and whole; what is being healed is waited for."""
        if lacking := self._lacking():
            raise Doubt(f"storage is not whole: {'; '.join(lacking)}\n  → ./ops/status says what to do; then go on.")
        if healed := self._problems(0.0):
            self.say(f"waiting for storage: {'; '.join(healed)}")
            self._wait(partial(self._problems, 0.0), "storage")

    def settings(self, hosts: Sequence[Host], together: bool) -> None:
        """Raises Doubt unless all `hosts` were installed with the same, and run with it already where they are not
        restarted together: a node with other settings than the rest would not come up.
        """
        wanted = {host: json.loads(self.way.run(host, "cat", str(places.MANIFEST)))["alike"] for host in hosts}
        if len(set(wanted.values())) > 1:
            raise Doubt("hosts were installed with different settings\n  → ./ops/host install on every host.")
        if together:
            return
        for host in hosts:
            started = json.loads(self.way.run(host, "cat", str(places.DATA / STARTED)))["alike"]
            if started != wanted[host]:
                raise Doubt(f"{host.name} runs with other settings, pools or another commit\n  → --together")

    def storage(self, hosts: Sequence[Host]) -> None:
        """Restarts the storage of `hosts`, one after the other; each has all it lacks before the next one's turn."""
        for host in hosts:
            self.sure()
            before = self._started(host)
            began = time.monotonic()
            self.way.run(host, "systemctl", "restart", "darkroom-storage.service")
            self._wait(partial(self._returned, host, before), f"storage on {host.name}")
            self._wait(partial(self._problems, time.time()), f"storage on {host.name}")
            self.say(f"{host.name}: storage is back and whole after {time.monotonic() - began:.1f} s")

    def together(self, hosts: Sequence[Host]) -> None:
        """Restarts the storage of all `hosts` at once, as new pools or settings need it: nodes refuse those that have
        others. Requests are tried again meanwhile.
        """
        began = time.monotonic()
        restart = ("systemctl", "restart", "darkroom-storage.service")
        children = [subprocess.Popen(self.way.command(host, *restart)) for host in hosts]
        for host, child in zip(hosts, children, strict=True):
            if child.wait(120):
                raise Doubt(f"{host.name}: storage was not restarted\n  → journalctl -u darkroom-storage there")
        # Before anything is asked: it may still lead to nodes that are leaving, for which the others have gone.
        self.way.run(self.cluster.of_role("database")[0], "systemctl", "restart", GATEWAY)
        try:
            self._wait(partial(self._problems, time.time()), "storage on all hosts")
        except Doubt as doubt:
            back = "What was before comes back with the inventory of before: render, install, --together."
            raise Doubt(f"{doubt}; journalctl -u darkroom-storage on a host says why. {back}") from doubt
        self.say(f"storage on all hosts is back and whole after {time.monotonic() - began:.1f} s")

    def others(self, host: Host, parts: Sequence[Part]) -> None:
        """Restarts what else runs on `host`, part by part, until all of it says that it is well."""
        others = [part for part in parts if part.name != "storage"]
        for part in others:
            self.way.run(host, "systemctl", "restart", units.name(part))
        self._wait(partial(self._unwell, host, others), host.name)
        self.say(f"{host.name}: {', '.join(part.name for part in others)} restarted, and well")

    def _unwell(self, host: Host, parts: Sequence[Part]) -> list[str]:
        """What is wrong with `parts` of `host`, by systemd and by their own word."""
        shown = self.way.run(host, "systemctl", "show", SHOWN, *map(units.name, parts))
        states = [_properties(block) for block in shown.strip().split("\n\n")]
        named = list(zip([part.name for part in parts], states, strict=True))
        if away := [f"{name} is {one['ActiveState']}" for name, one in named if one["ActiveState"] != "active"]:
            return away
        asked = [f"{name}={one['MainPID']}" for name, one in named]
        said = self.way.run(host, *ASKED, host.name, *asked, well=(0, 1))
        return [line for line in said.splitlines() if not line.endswith(" is well")]

    def _wait(self, problems: Callable[[], list[str]], what: str) -> None:
        limit = time.monotonic() + self.patience
        while found := problems():
            if time.monotonic() > limit:
                raise Doubt(f"{what} is not well after {self.patience:.0f} s: {'; '.join(found)}\n  → ./ops/status")
            time.sleep(PAUSE)

    def _returned(self, host: Host, before: float) -> list[str]:
        return [] if self._started(host) > before + 1 else [f"{host.name} has not been restarted yet"]

    def _problems(self, since: float) -> list[str]:
        """What is lacking, of what was seen after `since`: what has come back is noticed a moment later."""
        found = self._lacking()
        if not found and (healed := self.healing(since)):
            return [healed]
        return found

    def _lacking(self) -> list[str]:
        try:
            return self.admin.cluster().problems
        except StorageError as error:
            return [str(error)]

    def _started(self, host: Host) -> float:
        """When the node was started, in seconds of this machine's monotonic clock; 0 while it is away."""
        name = f"{host.address}:{self.cluster.ports['storage']}"
        try:
            nodes = self.admin.cluster().nodes
        except StorageError:
            return 0.0
        # One that is alone is called by the name that it was asked under.
        found = nodes if len(nodes) == 1 else [node for node in nodes if node.name == name]
        uptime = next((node.uptime for node in found if node.online), None)
        return 0.0 if uptime is None else time.monotonic() - uptime
