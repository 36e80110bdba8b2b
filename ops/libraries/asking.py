"""What is asked of a running appliance about its libraries."""

import asyncio
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ops.commands import serving
from ops.folder import DataFolder

if TYPE_CHECKING:
    from appliance.library.releases import Releasable
    from appliance.library.standing import Standing
    from appliance.library.workflow import Workflow

MOUNT_SECONDS = 12.0
LOOK_SECONDS = 0.3
PLACE = ("folder", "bucket", "prefix", "endpoint")
WAIT_SECONDS = 12.0  # that a person waits; the worker goes on


class NotTaken(Exception):
    """No worker has taken a workflow. Says what to look at."""


def standings(folder: DataFolder) -> "list[Standing]":
    """How all of them stand."""

    async def asked() -> "list[Standing]":
        from appliance.library import standing

        return await standing.standings()

    return serving.ask(folder, asked)


def seconds_a_file(folder: DataFolder) -> float:
    """That the work on one may take, by the settings in force; where the database does not answer, those of the start.

    Raises CannotRun where nothing is running.
    """
    serving.become("library", folder)

    async def asked() -> float:
        from appliance.config import current
        from appliance.errors import Unavailable
        from appliance.ledger.database import pool
        from appliance.settings import reading

        try:
            async with asyncio.timeout(serving.PATIENCE), pool(1):
                return (await reading.in_force(current())).library_seconds
        except (TimeoutError, Unavailable):
            return current().library_seconds

    return asyncio.run(asked())


def pause(folder: DataFolder, name: str, paused: bool) -> None:
    """Nothing new is begun while a library is paused, and what is under way stands still."""

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
        from appliance.library import standing, wishes

        began = time.time()
        _must_stay(workflow, await standing.standings())
        await asyncio.to_thread(_put_all, current().workflows, workflow, text, key)
        await _mounted(workflow.name, began)
        await wishes.pause(workflow.name, paused=False)
        await wishes.scan(workflow.name, unless_within=time.time() - began + 1)

    serving.ask(folder, asked)


def undo(folder: DataFolder, name: str, path: str) -> tuple[int, list[str]]:
    """Has originals brought back, and waits for it: how many were to be, and why some of them could not be.

    path: of a file or a folder below the library's, or whole; empty for all.
    """

    async def asked() -> tuple[int, list[str]]:
        from appliance.library import wishes

        one = await _standing(name)
        files = await wishes.undo_below(name, _inside(one, path))
        return files, await _problems(one, lambda: wishes.undoing(name)) if files else []

    return serving.ask(folder, asked)


def releasable(folder: DataFolder, name: str, paths: Sequence[str]) -> "list[Releasable]":
    """The originals that could be let go of: of these files, or where none is named of all that are held."""

    async def asked() -> "list[Releasable]":
        from appliance.library import releases

        one = await _standing(name)
        return await releases.releasable(name, [_inside(one, path) for path in paths])

    return serving.ask(folder, asked)


def release(folder: DataFolder, name: str, originals: "Sequence[Releasable]") -> list[str]:
    """Has these go for good, and waits for it: why some of them have not."""

    async def asked() -> list[str]:
        from appliance.library import releases

        assets = [one.asset for one in originals]
        await releases.release_all(assets)
        return await _problems(await _standing(name), lambda: releases.releasing(assets))

    return serving.ask(folder, asked)


async def _standing(name: str) -> "Standing | None":
    from appliance.library import standing

    return next((one for one in await standing.standings() if one.name == name), None)


async def _problems(
    one: "Standing | None", ask: Callable[[], Awaitable[tuple[int, list[str]]]], seconds: float = WAIT_SECONDS
) -> list[str]:
    """What a worker has said by the time that it is done, or that nobody waits any longer. ask: how many are left."""
    until = time.monotonic() + seconds
    left, problems = await ask()
    while left and time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        left, problems = await ask()
    return [*problems, *([_still(left, one)] if left else [])]


def _still(left: int, one: "Standing | None") -> str:
    if one is None or one.mounted:
        return f"{left} are still to come: the worker goes on with them"
    where = one.source.get("folder") or one.source.get("bucket")
    said = (
        f"{left} are still to come, and no worker has the workflow of {one.name} any more: one that has {where} on its"
    )
    return f"{said} host does it all the same, else whichever is given that workflow again (./ops/library run)"


def _inside(one: "Standing | None", path: str) -> bytes:
    """A path as the ledger has it."""
    whole, folder = os.fsencode(path), str(one.source.get("folder", "")) if one else ""
    return os.path.relpath(whole, os.fsencode(folder)) if folder and whole.startswith(b"/") else whole


def _must_stay(workflow: "Workflow", standings: "list[Standing]") -> None:
    """Raises NotTaken for another source under the name of a library that keeps originals: nobody could find these."""
    import msgspec

    one = next((one for one in standings if one.name == workflow.name), None)
    if one is None or not one.behind.kept_bytes:
        return
    was, now = one.source, msgspec.to_builtins(workflow.source)
    if [was.get(what) for what in PLACE] != [now.get(what) for what in PLACE]:
        where = was.get("folder") or was.get("bucket")
        raise NotTaken(
            f"originals of {workflow.name} are kept in {where}: undo them, wait, or give this one another name"
        )


async def _mounted(name: str, since: float) -> None:
    from appliance.library import standing

    until = time.monotonic() + MOUNT_SECONDS
    while time.monotonic() < until:
        if any(one.name == name and one.mounted_at.timestamp() > since - 1 for one in await standing.standings()):
            return
        await asyncio.sleep(LOOK_SECONDS)
    said = f"no worker has taken {name} within {MOUNT_SECONDS:.0f} s"
    raise NotTaken(f"{said}\n  → ./ops/status shows whether worker-backfill-1 is well.")


def _put_all(into: Path, workflow: "Workflow", text: bytes, key: bytes | None) -> None:
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = workflow.source.key_file
    if beside and key is not None:
        _put(into, beside, key)
    elif beside and not (into / beside).is_file():
        raise NotTaken(f"there is no key for the bucket yet: give it with --key-file {beside}")
    # Names that are written alike are libraries of their own all the same.
    name = workflow.name
    words, own = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"), hashlib.sha256(name.encode()).hexdigest()[:8]
    _put(into, f"{words[:60]}-{own}.json" if words else f"{own}.json", text)


def _put(into: Path, name: str, text: bytes) -> None:
    """Whole or not at all, for its owner alone; what has the same name is replaced."""
    handle, draft = tempfile.mkstemp(dir=into, prefix=".", suffix=".new")
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    Path(draft).replace(into / name)
