"""An appliance with one worker of libraries, and a folder of films that it may write."""

import hashlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx

from tests.appliance.client import wait_for
from tests.stack import CHECKOUT, Stack

SETTINGS = {
    "DARKROOM_BACKFILL_WORKERS": "1",
    "DARKROOM_LIBRARY_LOOK_SECONDS": "0.3",
    "DARKROOM_LEASE_SECONDS": "3",
    "DARKROOM_SWEEP_SECONDS": "0.3",
    "DARKROOM_IMAGE_WORKERS": "1",
    "DARKROOM_API_WORKERS": "1",
}
WORKER = "worker-backfill-1"
TARGET = {"codec": "h264", "bit_rates": {"2160": "400k"}}


class House:
    """stack: the appliance; films: the folder."""

    def __init__(self, checkout: Path = CHECKOUT, **settings: str) -> None:
        self.stack = Stack(checkout, **{**SETTINGS, **settings})
        self.stack.up()
        self.films = self.stack.folder / "films"
        self.films.mkdir()
        self.own(self.films)
        self.client = httpx.Client(
            base_url=self.stack.url, headers={"Authorization": f"Bearer {self.stack.key}"}, timeout=20
        )

    def close(self) -> None:
        self.client.close()
        self.stack.close()

    def own(self, path: Path) -> None:
        """Has the worker's account own it."""
        facts = self.stack.data.stat()
        os.chown(path, facts.st_uid, facts.st_gid)

    def put(self, name: str, data: bytes, age: float = 3600.0) -> Path:
        """A file that was written to so many seconds ago."""
        path = self.films / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - age, time.time() - age))
        for one in (path, path.parent):
            self.own(one)
        return path

    def run(self, name: str = "Films", **different: Any) -> None:
        """Gives it a workflow, whose files may be replaced."""
        given = self.stack.folder / "given.json"
        workflow = {
            "name": name,
            "source": {"folder": str(self.films)},
            "target": TARGET,
            "replace": {"allowed": True},
            "verify": {"least_vmaf": 20},
            "limits": {"least_free": "1M", "cores": 2},
            **different,
        }
        given.write_text(json.dumps(workflow))
        done = self.stack.verb("library", "run", str(given))
        assert done.returncode == 0, done.stderr

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str) -> httpx.Response:
        return self.client.post(path)

    def standing(self, name: str = "Films") -> dict[str, Any]:
        return next((one for one in self.get("/library/")["libraries"] if one["name"] == name), {})

    def idle(self, name: str = "Films") -> bool:
        """Whether it was looked through, and all that was found is done."""
        one = self.standing(name)
        over = one.get("scan") and one["scan"]["ended_at"] and not one["asked"]
        return bool(over and not one["ahead"]["waiting"] and not one["ahead"]["under_way"])

    def until_idle(self, seconds: float = 120) -> dict[str, Any]:
        wait_for(self.idle, seconds)
        return self.standing()

    def results(self, name: str = "Films") -> dict[str, dict[str, Any]]:
        """By path; of one that was worked on twice the last."""
        listed = self.get(f"/library/{self.standing(name)['id']}/results", limit="200")["results"]
        return {one["path"]: one for one in reversed(listed)}

    def events(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.get("/library/events", after="0", limit="500")["events"]
        return listed

    def kill(self) -> None:
        """The worker, with all that it runs, as a power loss would."""
        self.stack.kill(WORKER, signal.SIGKILL)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept(films: Path) -> list[Path]:
    """What is left in the hidden folder: originals, and anything that should not be there."""
    return [path for path in (films / ".darkroom").rglob("*") if path.is_file() and path.name != "lock"]
