"""An appliance of the benchmark's own, started by `ops/up` in a folder that goes with it; and what its parts cost."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from ops import logs, ports
from ops.folder import DataFolder

OPS = Path(__file__).resolve().parents[1]
START_SECONDS, END_SECONDS = 600, 120
KEPT = ("DARKROOM_CACHE", "DARKROOM_MINIO")
"""Where programs are. All else that the caller has set is of another appliance: its database and storage above all."""


def isolated() -> dict[str, str]:
    """The caller's environment without what says which appliance is meant."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_") or name in KEPT}


class NotStarted(Exception):
    """The appliance did not come up, or a verb could not do its work."""


class Appliance:
    """The one in the folder `data`, with the DARKROOM_ variables `settings` and none of the caller's."""

    def __init__(self, data: Path, settings: Mapping[str, str]) -> None:
        self.data = data
        self.environment = isolated() | dict(settings)

    def run(self, verb: str, *arguments: str, seconds: float = START_SECONDS) -> "subprocess.CompletedProcess[str]":
        """The verb's result, whatever its exit code."""
        command = [str(OPS / verb), *arguments, "--data", str(self.data)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=seconds)

    def verb(self, verb: str, *arguments: str) -> str:
        """What the verb wrote to standard output. Raises NotStarted with what it said, if it failed."""
        done = self.run(verb, *arguments)
        if done.returncode:
            raise NotStarted(f"./ops/{verb} said: {done.stderr.strip()[-2000:]}")
        return done.stdout

    def url(self) -> str:
        return str(json.loads(self.verb("status", "--json"))["url"])

    def parts(self) -> dict[str, int]:
        """The process of each running part."""
        report = json.loads(self.verb("status", "--json"))
        return {part["name"]: part["pid"] for part in report["parts"] if part["pid"]}


@contextlib.contextmanager
def running(settings: Mapping[str, str] | None = None) -> Iterator[Appliance]:
    """An appliance that runs for the time of the block, on a free port. Raises NotStarted.

    However this process ends, the appliance ends too; its folder goes as well, unless this process is killed (-9).
    """
    folder = Path(tempfile.mkdtemp(prefix="darkroom-bench-"))
    folder.chmod(0o755)
    one = Appliance(folder / "data", settings or {})
    with _told_to_end(), (folder / "said").open("w+") as said:
        command = [str(OPS / "up"), "--until-closed", "--port", str(ports.choose()), "--data", str(one.data)]
        up = subprocess.Popen(
            command, env=one.environment, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
        )
        try:
            _await(one, up, folder / "said")
            yield one
        finally:
            _end(up, folder)


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """SIGTERM, or a terminal that goes away, is Ctrl-C for the time of the block."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _await(one: Appliance, up: "subprocess.Popen[bytes]", said: Path) -> None:
    folder, deadline = DataFolder(one.data), time.monotonic() + START_SECONDS
    while folder.read("state.json").get("phase") != "ready":
        if up.poll() is not None or time.monotonic() > deadline:
            reason = "\n".join([*logs.tail(said), *logs.tail(folder.logs / "supervisor.log")])
            raise NotStarted(f"./ops/up said: {reason}")
        time.sleep(0.1)


def _end(up: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Ends it, and removes its folder once nothing runs in there."""
    assert up.stdin is not None
    up.stdin.close()
    try:
        up.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotStarted(f"the appliance in {folder} has not ended after {END_SECONDS} s; it was left there") from None
    shutil.rmtree(folder, ignore_errors=True)


def cpu_seconds(processes: dict[str, int]) -> dict[str, float]:
    """CPU seconds so far of each part, user and system, with all its children, also those that ended. The decoding
    children of the workers are counted apart, as `sandbox`, and the workers as one.
    """
    spent: dict[str, float] = {}
    for name, pid in processes.items():
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended: its parent's times have it
                child = "processors.sandbox" in " ".join(process.cmdline())
                label = "sandbox" if child else "workers" if name.startswith("worker") else name
                spent[label] = spent.get(label, 0.0) + sum(process.cpu_times()[:4])
    return spent
