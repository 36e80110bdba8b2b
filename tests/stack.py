"""A whole appliance of the tests' own, started and asked by the verbs that an operator types."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops.setup import external
from tests import secrecy
from tests.daemons.process import free_port, freeze

CHECKOUT = Path(__file__).parents[1]
SETTINGS = {
    # Each process costs a second of CPU at each start; where there should be several, a test says so: see SEVERAL.
    "DARKROOM_API_WORKERS": "1",
    "DARKROOM_IMAGE_WORKERS": "1",
    "DARKROOM_MEDIA_WORKERS": "0",
    "DARKROOM_BACKFILL_WORKERS": "0",
    "DARKROOM_WEBHOOK_ALLOW": "127.0.0.2/32",
}
SEVERAL = {"DARKROOM_API_WORKERS": "2", "DARKROOM_IMAGE_WORKERS": "2"}
"""What races and counts over several processes need."""
RUNNING = ("running", "finished")
KEPT = ("DARKROOM_CACHE", "DARKROOM_MINIO")


def environment(**settings: str) -> dict[str, str]:
    """What a verb is started with: nothing of the developer's own appliance, but for where its programs are cached."""
    shell = {name: value for name, value in os.environ.items() if name not in external.NAMES}
    own = {name: value for name, value in shell.items() if not name.startswith("DARKROOM_") or name in KEPT}
    return {**own, **SETTINGS, **settings}


class Stack:
    """One appliance: `url` of its edge, `data` folder, `key` (an admin's), `origin` (another one that is allowed)."""

    def __init__(self, checkout: Path = CHECKOUT, prefix: Sequence[str] = (), **settings: str) -> None:
        """prefix: a command that the verbs are run by, as another user; settings: variables of the environment."""
        # Short, since tests of sockets count bytes, and open to the account that root's appliances run as.
        self.folder = Path(tempfile.mkdtemp(prefix="dk-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.origin = f"http://127.0.0.1:{free_port()}"
        self.checkout = checkout
        self._prefix = list(prefix)
        self._environment = environment(**settings)
        self._key = ""

    def verb(self, name: str, *arguments: str, data: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """Runs `ops/name` on this appliance, or on another data folder, to its end; its outputs are in the result."""
        command = [*self._prefix, str(self.checkout / "ops" / name), *arguments, "--data", str(data or self.data)]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=600)

    def up(self, *arguments: str) -> str:
        """Starts it in the background; what `up` said. Fails if it didn't come up."""
        started = self.verb("up", "--detach", "--port", str(self.port), "--allow-origin", self.origin, *arguments)
        assert started.returncode == 0, started.stderr
        return started.stdout + started.stderr

    def down(self) -> str:
        ended = self.verb("down")
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    def close(self) -> None:
        """Ends it and removes its folder. Fails if a secret is found in what it logged."""
        self.down()
        leaks = secrecy.in_logs(self.data, [self._key] if self._key else [])
        shutil.rmtree(self.folder)
        assert not leaks, leaks

    @property
    def key(self) -> str:
        """A server key with all rights, made when it is first asked for."""
        if not self._key:
            made = self.verb("apikey", "create", "tests", "--admin")
            assert made.returncode == 0, made.stderr
            self._key = made.stdout.strip()
        return self._key

    def status(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.verb("status", "--json").stdout)
        return report

    def parts(self) -> dict[str, dict[str, Any]]:
        """The rows of `status --json` by the names of the parts."""
        return {part["name"]: part for part in self.status()["parts"]}

    def recorded(self) -> dict[str, dict[str, Any]]:
        """What the supervisor wrote last of each part: reading a file costs nothing, a verb half a second of CPU."""
        return {part["name"]: part for part in json.loads((self.data / "state.json").read_text())["parts"]}

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a signal to the process of `part`, which after SIGSTOP stands; its process id."""
        pid = int(self.recorded()[part]["pid"])
        if number == signal.SIGSTOP:
            freeze(pid)
        else:
            os.kill(pid, number)
        return pid

    def wait_well(self, seconds: float = 60) -> dict[str, dict[str, Any]]:
        """Waits until every part is well; the parts. Fails with the last status if that doesn't come."""
        limit = time.monotonic() + seconds
        while True:
            over = time.monotonic() > limit
            if over or all(one["state"] in RUNNING and not one["health"] for one in self.recorded().values()):
                asked = self.verb("status", "--json")
                if asked.returncode == 0:
                    return {part["name"]: part for part in json.loads(asked.stdout)["parts"]}
                assert not over, asked.stdout
            time.sleep(0.2)
