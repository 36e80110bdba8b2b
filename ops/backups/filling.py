"""A data folder is filled from a backup: database and storage are started for it and ended, unless units do that."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from appliance.errors import DomainError
from appliance.ledger import database
from ops import health, inventory, locate, planning, running, variables
from ops.backups import restore
from ops.backups.bars import Bar
from ops.backups.catalogue import Manifest
from ops.backups.restore import NotEmpty, RestoreFailed
from ops.backups.stores import Store, StoreError, WrongBytes
from ops.folder import RESTORING, DataFolder
from ops.inventory import Part
from ops.services import Plan
from storage.inspection import Inspector
from storage.objects import StorageError

PATIENCE = 30.0
"""Seconds for what was just started to come."""
FAILURES = (DomainError, StorageError, StoreError, WrongBytes, RestoreFailed, OSError)


class NotFilled(Exception):
    """The backup was not restored, or not all of it. Says why."""


def fill(
    folder: DataFolder,
    store: Store,
    manifest: Manifest,
    begun: bool,
    quiet: bool,
    drill: int = 0,
    replica: Inspector | None = None,
) -> dict[str, Any]:
    """Restores into `folder`, whose lock is the caller's; what came of it, as restore.Restored has it.

    drill: of the objects only each so many-th, and each is read again and compared. replica: where the objects are read
    instead of the store. Raises NotFilled.
    """
    work = _Work(folder, store, manifest, begun, quiet, drill, replica)
    if folder.hosted():
        asyncio.run(work.done())
        failure = work.failure
    else:
        outcome = running.execute(folder, dict(os.environ), False, work.begin, only_what_is_needed, "restoring")
        failure = work.failure or outcome.failure
    if failure or not work.told:
        raise NotFilled(failure or "interrupted")
    return work.told


def only_what_is_needed(plan: Plan, environment: Mapping[str, str]) -> list[Part]:
    return [part for part in inventory.parts(plan, environment) if part.name in inventory.STORES]


def alone(folder: DataFolder) -> None:
    """Waits for database and storage of these hosts. Raises NotFilled if they don't come, or others are at work too."""
    environment = dict(os.environ)
    plan = planning.known(folder, environment)
    os.environ.update(variables.for_role("migrate", plan, environment))
    asyncio.run(_come(inventory.parts(plan, environment)))
    try:
        others = asyncio.run(_others())
    except FAILURES as error:
        raise NotFilled(f"the database does not answer: {error}") from error
    if others:
        raise NotFilled(f"parts are at work that a restore is in the way of: {', '.join(others)}")


async def _come(parts: list[Part]) -> None:
    """Raises NotFilled if Postgres, or storage by its gateway, is not well for PATIENCE seconds."""
    limit = time.monotonic() + PATIENCE
    for part in parts:
        while part.name in ("postgres", "gateway") and (wrong := await health.ask(part.health, os.getpid())):
            if time.monotonic() > limit:
                raise NotFilled(f"{part.name} is not well: {wrong}")
            await asyncio.sleep(0.5)


async def _others() -> list[str]:
    connection = await database.connect()
    try:
        rows = await connection.fetch(
            "SELECT DISTINCT coalesce(nullif(application_name, ''), 'one without a name') AS name FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return sorted(row["name"] for row in rows)
    finally:
        await connection.close()


class _Work:
    """What is done once database and storage are well."""

    def __init__(
        self,
        folder: DataFolder,
        store: Store,
        manifest: Manifest,
        begun: bool,
        quiet: bool,
        drill: int,
        replica: Inspector | None,
    ) -> None:
        self._folder, self._store, self._manifest = folder, store, manifest
        self._begun, self._quiet, self._drill, self._replica = begun, quiet, drill, replica
        self.told: dict[str, Any] = {}
        self.failure = ""

    def begin(self) -> None:
        self._task = asyncio.create_task(self._then_end())

    async def _then_end(self) -> None:
        try:
            await self.done()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # the supervisor's sign to end the parts

    async def done(self) -> None:
        """Restores; what came of it is in `told`, or in `failure`."""
        try:
            self.told = await self._restored()
        except NotEmpty as error:
            self.failure = str(error)
            (self._folder.path / RESTORING).unlink()  # or the next try would take what is there for its own
        except FAILURES as error:
            self.failure = str(error)

    async def _restored(self) -> dict[str, Any]:
        environment, began = dict(os.environ), time.monotonic()
        plan = planning.known(self._folder, environment)
        os.environ.update(variables.for_role("migrate", plan, environment))
        services, keys = plan.services, plan.credentials
        key = keys.worker if services.storage.bucket else keys.storage_root
        target = restore.Target(services.database_url, locate.postgres(plan.folder), services.storage, key)
        with Bar("restored", self._quiet) as bar:
            share = self._drill or 1
            bar.found(self._manifest.objects // share, self._manifest.size // share)
            done = await restore.restore(
                target,
                self._store,
                self._manifest,
                self._folder.path,
                self._begun,
                bar.done,
                self._drill,
                self._replica,
            )
        return {**vars(done), "stamp": self._manifest.stamp, "seconds": round(time.monotonic() - began, 1)}
