"""What is asked of a running appliance about its libraries."""

import asyncio
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ops.commands import serving
from ops.folder import DataFolder

if TYPE_CHECKING:
    from appliance.library.standing import Standing
    from appliance.library.workflow import Workflow

MOUNT_SECONDS = 12.0
LOOK_SECONDS = 0.3
UNDO_SECONDS = 12.0  # that a person waits; the worker goes on


class NotTaken(Exception):
    """No worker has taken a workflow. Says what to look at."""


def standings(folder: DataFolder) -> "list[Standing]":
    """How all of them stand."""

    async def asked() -> "list[Standing]":
        from appliance.library import standing

        return await standing.standings()

    return serving.ask(folder, asked)


def pause(folder: DataFolder, name: str, paused: bool) -> None:
    """Nothing new is begun while a library is paused."""

    async def asked() -> None:
        from appliance.library import wishes

        await wishes.pause(name, paused)

    serving.ask(folder, asked)


def scan(folder: DataFolder, name: str) -> None:
    """Has it looked through at the worker's next look."""

    async def asked() -> None:
        from appliance.library import wishes

        await wishes.scan(name)

    serving.ask(folder, asked)


def run(folder: DataFolder, workflow: "Workflow", text: bytes, key: bytes | None = None) -> None:
    """Mounts a workflow for the worker of this appliance, and has it looked through. Raises NotTaken.

    key: of its bucket; without, the one that lies there already.
    """
    if folder.hosted():
        why = "on several hosts workflows come from the inventory"
        raise NotTaken(f"{why}: {workflow.name} belongs into the folder that it names, to be rendered")

    async def asked() -> None:
        from appliance.config import current
        from appliance.library import wishes

        began = time.time()
        await asyncio.to_thread(_put_all, current().workflows, workflow, text, key)
        await _mounted(workflow.name, began)
        await wishes.pause(workflow.name, paused=False)
        await wishes.scan(workflow.name)

    serving.ask(folder, asked)


def undo(folder: DataFolder, name: str, path: str) -> tuple[int, list[str]]:
    """Has originals brought back, and waits for it: how many were to be, and why some of them could not be.

    path: of a file or a folder below the library's, or whole; empty for all.
    """

    async def asked() -> tuple[int, list[str]]:
        from appliance.library import standing, wishes

        source = next((one.source for one in await standing.standings() if one.name == name), {})
        files = await wishes.undo_below(name, _inside(str(source.get("folder", "")), path))
        until = time.monotonic() + UNDO_SECONDS
        left, problems = files, list[str]()
        while files and time.monotonic() < until:
            left, problems = await wishes.undoing(name)
            if not left:
                break
            await asyncio.sleep(LOOK_SECONDS)
        return files, [*problems, *([f"{left} are still to come: the worker goes on with them"] if left else [])]

    return serving.ask(folder, asked)


def _inside(folder: str, path: str) -> bytes:
    """A path as the ledger has it."""
    whole = os.fsencode(path)
    return os.path.relpath(whole, os.fsencode(folder)) if folder and whole.startswith(b"/") else whole


async def _mounted(name: str, since: float) -> None:
    from appliance.library import standing

    until = time.monotonic() + MOUNT_SECONDS
    while time.monotonic() < until:
        if any(one.name == name and one.mounted_at.timestamp() > since - 1 for one in await standing.standings()):
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise NotTaken(f"no worker has taken {name} within {MOUNT_SECONDS:.0f} s")


def _put_all(into: Path, workflow: "Workflow", text: bytes, key: bytes | None) -> None:
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = workflow.source.key_file
    if beside and key is not None:
        _put(into, beside, key)
    elif beside and not (into / beside).is_file():
        raise NotTaken(f"there is no key for the bucket yet: give it with --key-file {beside}")
    stem = re.sub(r"[^a-z0-9]+", "-", workflow.name.lower()).strip("-") or "library"
    _put(into, f"{stem}.json", text)


def _put(into: Path, name: str, text: bytes) -> None:
    """Whole or not at all, for its owner alone; what has the same name is replaced."""
    handle, draft = tempfile.mkstemp(dir=into, prefix=".", suffix=".new")
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    Path(draft).replace(into / name)
