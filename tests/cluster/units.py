"""The units of a host, started as systemd would start them: each one's own command, environment, account and signal."""

import os
import re
import shlex
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.cluster.machine import Machine

UNITS = Path("/etc/systemd/system")


class Unit:
    """One service of a host. It is started anew when it dies, if its unit says so."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine, self.name = machine, name
        self.log = machine.folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._keeper: threading.Thread | None = None

    def load(self) -> None:
        """Reads the unit as it is on the host now."""
        text = self.machine.read(UNITS / self.name)
        rows = [line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#")]
        self.lines: dict[str, str] = dict(rows)  # of lines that are there twice none is asked for here
        # shlex reads what our units quote as systemd does; $$ and %% are systemd's alone.
        self.argv = shlex.split(self.lines["ExecStart"].replace("$$", "$").replace("%%", "%"))
        self.environment = environment(self.machine.read(Path(self.lines["EnvironmentFile"])))
        self.after = re.findall(r"darkroom-[a-z0-9-]+\.service", self.lines["After"])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        assert not self._wanted, f"{self.machine.name} {self.name} runs already"
        self.load()
        condition = self.lines.get("ConditionPathExists", "!/nowhere")
        if not self.machine.run("test", "-e", condition.removeprefix("!"), check=False).returncode:
            return
        if self._keeper is not None:
            self._keeper.join()  # of a process that was ended for good, or there would be two who start it anew
        self._wanted = True
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        while self._wanted:
            with self.log.open("ab") as log:
                self._process = self.machine.start(self.argv, self.environment, self.lines["User"], log)
            code = self._process.wait()
            if self.lines["Restart"] == "on-failure" and code == 0:
                self._wanted = False
                return
            time.sleep(float(self.lines["RestartSec"]))

    def finished(self, seconds: float) -> None:
        """Waits until a unit that does its work once has done it."""
        assert self._keeper is not None
        self._keeper.join(seconds)
        assert not self._keeper.is_alive(), f"{self.machine.name} {self.name}:\n{self.log.read_text()[-3000:]}"

    def send(self, number: signal.Signals) -> None:
        """To the whole group, as `systemctl kill` does; what dies of it is started anew."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self, number: signal.Signals | None = None) -> None:
        """Ends it for good, by its own signal; what does not end within its time is killed."""
        self._wanted = False
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number or signal.Signals[self.lines["KillSignal"]])
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(float(self.lines["TimeoutStopSec"]))
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Services:
    """All units of one host; those that run since an earlier installation are still known."""

    def __init__(self, machine: Machine, before: "Services | None" = None) -> None:
        self.machine = machine
        known = before.units if before else {}
        listed = machine.run("sh", "-c", f"ls {UNITS} | grep '^darkroom-.*service$'").stdout.split()
        parts = {name.removeprefix("darkroom-").removesuffix(".service"): name for name in listed}
        self.units = {part: known.get(part) or Unit(machine, name) for part, name in parts.items()}

    def __getitem__(self, part: str) -> Unit:
        return self.units[part]

    def start(self) -> None:
        """All, none waiting for another: what a unit needs it has to wait for itself."""
        for unit in self.units.values():
            unit.start()

    def stop(self) -> None:
        """All at once, in no order."""
        enders = [threading.Thread(target=unit.stop) for unit in self.units.values()]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()

    def kill(self) -> None:
        """As if the host lost its power."""
        for unit in self.units.values():
            unit._wanted = False
            if unit.running:
                unit.send(signal.SIGKILL)


def environment(text: str) -> dict[str, str]:
    """What an EnvironmentFile= of ours says (systemd.exec(5)): a name, and a value in double quotes, on each line."""
    found = {}
    for line in text.splitlines():
        name, _, quoted = line.partition("=")
        assert quoted[0] == quoted[-1] == '"', line
        found[name] = re.sub(r"\\(.)", r"\1", quoted[1:-1])
    return found
