"""What is due is done: a backup, what it makes superfluous is removed, a drill; each by its own verb."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from ops import process, variables
from ops.backups import schedule
from ops.folder import DataFolder

DETAILS_BYTES = 2000


class NotDone(Exception):
    """A verb did not do its work. Says what it said."""


async def due(folder: DataFolder, environment: Mapping[str, str]) -> AsyncIterator[str]:
    """Does what is due now; what each verb said that was done. Raises NotDone, BadSchedule."""
    one = schedule.load(folder, environment)
    if one is None:
        return
    if schedule.backup_due(one, folder, datetime.now(UTC), environment.get("DARKROOM_TIMEZONE", "")):
        keep = ["--keep", one.keep, "--yes"] if one.keep else []
        yield await _verb("backup", folder, environment, "--to", one.to, *keep)
    if schedule.drill_due(one, folder, datetime.now(UTC)):
        yield await _verb("drill", folder, environment, "--from", one.to)


async def _verb(name: str, folder: DataFolder, environment: Mapping[str, str], *arguments: str) -> str:
    """Runs a verb to its end, however this one ends. 1 is its answer that something is lost, not a failure of its."""
    passed = dict(environment)
    if key := schedule.key(folder, environment):
        passed["DARKROOM_BACKUP_KEY"] = key
    if name == "drill":
        passed = variables.of_nobody(passed)
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", f"ops.commands.{name}", "--data", str(folder.path), *arguments),
        env=passed,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=process.bound(os.getpid(), signal.SIGTERM),
    )
    try:
        said = (await running.communicate())[0].decode("utf-8", "replace").strip()
    except asyncio.CancelledError:
        running.terminate()
        await running.wait()
        raise
    if running.returncode not in (0, 1):
        raise NotDone(f"./ops/{name}: {said[-DETAILS_BYTES:]}")
    return said
