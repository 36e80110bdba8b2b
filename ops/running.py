"""A supervisor at work in a data folder: what it reports for others to read, and how it is ended."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from ops import figures, inventory, logs, planning, process, room, strangers
from ops.folder import DataFolder
from ops.services import Plan
from ops.supervisor import Running, StartFailed, State, Supervisor
from ops.variables import number

FILE = "state.json"
Table = Callable[[Plan, Mapping[str, str]], list[inventory.Part]]
INTERRUPTED = "interrupted before all parts were well; nothing is left running"
OLD_GRACE = 30.0  # of a part in a file that an earlier release wrote
WRITE_AGAIN = 1.0


class Reporter:
    """Writes `state.json` whenever a part changes, and tells `say` once about each part that has become well."""

    def __init__(self, folder: DataFolder, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._told: set[str] = set()
        self._later: asyncio.TimerHandle | None = None
        self.phase = "starting"
        self.failure = ""
        self.parts: dict[str, Running] = {}

    def changed(self) -> None:
        for name, one in self.parts.items():
            if one.state in (State.RUNNING, State.FINISHED) and name not in self._told:
                self._told.add(name)
                self._say(f"{name} is well" if one.state is State.RUNNING else f"{name} is done")
        self.write()

    def write(self) -> None:
        rows = [describe(one) for one in self.parts.values()]
        content = {"phase": self.phase, "pid": os.getpid(), "failure": self.failure, "parts": rows}
        if self._later:
            self._later.cancel()
            self._later = None
        try:
            self._folder.write(FILE, content)
        except OSError:
            # On a full disk the parts are kept all the same; others read of it as soon as there is room.
            self._later = asyncio.get_running_loop().call_later(WRITE_AGAIN, self.write)


def describe(one: Running) -> dict[str, Any]:
    alive = one.child is not None and one.state in (State.STARTING, State.RUNNING)
    return {
        "name": one.part.name,
        "role": one.part.role,
        "port": one.part.port,
        "once": one.part.once,
        "grace": one.part.grace,
        "state": str(one.state),
        "pid": one.child.pid if alive and one.child else None,
        "health": one.health,
        "restarts": one.restarts,
        "began": one.began,
    }


@dataclass
class Outcome:
    """How a run ended: "" after a clean end, else what failed."""

    failure: str = ""


async def run(
    folder: DataFolder,
    environment: dict[str, str],
    echo: bool,
    ready: Callable[[], object],
    table: Table = inventory.parts,
    phase: str = "ready",
) -> Outcome:
    """Plans, starts and keeps everything until it is told to end. The caller holds the folder's lock.

    `ready` is called once when all parts are well; `echo` shows the parts' own words on standard output. `table` says
    which parts there are, `phase` what it is called once they are well.
    """
    own = logs.Log(folder.logs, "supervisor")
    said = logs.to_terminal if echo else lambda line: None

    def say(line: str) -> None:
        own.write(time.strftime("%Y-%m-%dT%H:%M:%S ") + line)
        said(line)

    reporter = Reporter(folder, say)
    end_leftovers(folder.read(FILE), say)
    reporter.write()
    try:
        await strangers.meet(folder, environment, say)
        plan = planning.fresh(folder, environment, say)
        parts = table(plan, environment)
        least = number(environment, "S3_FREE_PERCENT", float, room.FREE_PERCENT)
    except Exception as error:  # whatever stops the planning is the answer of whoever waits for the start
        if (this := asyncio.current_task()) and this.cancelling():
            # Ctrl-C in the terminal also ended what was being waited for: that is no failure of its.
            raise asyncio.CancelledError from None
        return _failed(reporter, say, _reason(error))
    width = max((len(part.name) for part in parts), default=0)
    supervisor = Supervisor(parts, folder, lambda name: logs.Log(folder.logs, name, width, echo), reporter.changed)
    reporter.parts = supervisor.running

    def all_well() -> None:
        reporter.phase = phase
        say("all parts are well")  # first: whoever waits for the phase stops reading then
        reporter.write()
        ready()

    telling = asyncio.create_task(figures.tell(supervisor.running.values(), plan, least))
    try:
        await supervisor.run(all_well)
    except StartFailed as error:
        last = "".join(f"\n    {line}" for line in error.last_lines[-12:])
        return _failed(reporter, say, f"{error}\n  the last lines of {folder.logs / (error.part + '.log')}:{last}")
    finally:
        telling.cancel()
    reporter.phase = "stopped"
    reporter.write()
    say("stopped")
    return Outcome()


def _reason(error: Exception) -> str:
    said = (getattr(error, "stderr", None) or "").strip()
    return f"{error}\n{said}" if said else str(error) or type(error).__name__


def _failed(reporter: Reporter, say: Callable[[str], None], failure: str) -> Outcome:
    reporter.phase, reporter.failure = "failed", failure
    reporter.write()
    say(failure)
    return Outcome(failure)


def end_leftovers(state: dict[str, Any], say: Callable[[str], None]) -> bool:
    """Waits for the parts of a supervisor that was killed, which end by themselves; kills what is late or headless.

    `state` is what that supervisor wrote last: each part has as long as it would have had from it. True if there were
    any.
    """
    parts = [part for part in state.get("parts", []) if part.get("pid") and _ours(part)]
    left = {int(part["pid"]): float(part.get("grace", OLD_GRACE)) for part in parts if _group_lives(int(part["pid"]))}
    found, began = bool(left), time.monotonic()
    while left:
        for group, grace in list(left.items()):
            # Without its first process nobody is there to tell the others that they should end.
            if time.monotonic() - began > grace or not _lives(group):
                say(f"killing process group {group}, left over from an earlier start")
                process.kill_group(group, signal.SIGKILL)
                del left[group]
        time.sleep(0.1)
        left = {group: grace for group, grace in left.items() if _group_lives(group)}
    return found


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _ours(part: dict[str, Any]) -> bool:
    """Whether the recorded process id still means the process that was recorded, not one that got its number later."""
    try:
        return abs(psutil.Process(int(part["pid"])).create_time() - float(part["began"])) < 5
    except psutil.NoSuchProcess:
        # A group without its leader keeps the number from being given away.
        return _group_lives(int(part["pid"]))


def _group_lives(group: int) -> bool:
    """Whether a process of the group is left; one that has ended and only waits to be noticed doesn't count."""
    for one in psutil.process_iter():
        try:
            if os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE:
                return True
        except (ProcessLookupError, psutil.Error):
            continue
    return False


def execute(
    folder: DataFolder,
    environment: dict[str, str],
    echo: bool,
    ready: Callable[[], object],
    table: Table = inventory.parts,
    phase: str = "ready",
) -> Outcome:
    """`run` in an event loop of its own."""
    # Until the loop takes the signals over, a build may be under way whose compilers must be ended too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return asyncio.run(run(folder, environment, echo, ready, table, phase))
    except KeyboardInterrupt:
        logs.Log(folder.logs, "supervisor").write(INTERRUPTED)
        return Outcome(INTERRUPTED)
