"""The one table of an appliance's parts: what each is for, how it runs, what it needs, how it is stopped."""

import math
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ops import caddy, health, locate, postgres, valkey
from ops.services import Plan
from ops.variables import cores, for_role, number
from storage import setup as storage_setup
from storage.server import command as storage_command

BACKENDS = ("postgres", "valkey", "storage", "ledger", "buckets")


@dataclass(frozen=True)
class Part:
    """One row of the table."""

    name: str
    role: str
    argv: list[str]
    env: dict[str, str]
    health: health.Check
    after: tuple[str, ...] = ()
    """The parts that must be well before this one is started, and that end after it."""
    stop: signal.Signals = signal.SIGTERM
    port: int | None = None
    once: bool = False
    """It does its work and ends; what comes after it waits for that."""
    patience: float = 60.0
    """Seconds it may take to be well."""
    grace: float = 15.0
    """Seconds it may take to end after `stop`."""


def parts(plan: Plan, environment: Mapping[str, str]) -> list[Part]:
    """The rows for `plan`, in the order in which they are started and shown."""
    rows: list[Part] = []
    if "postgres" in plan.ports:
        rows.append(_postgres(plan))
    if "valkey" in plan.ports:
        rows.append(_valkey(plan))
    if "storage" in plan.ports:
        rows.append(_storage(plan, environment))
    rows.append(_ledger(plan, environment))
    if plan.credentials.storage_root:
        rows.append(_buckets(plan, environment))
    rows += [
        _api(plan, environment),
        _beating("intake", "appliance.intake", plan, environment),
        _beating("webhooks", "appliance.sender", plan, environment),
    ]
    if plan.credentials.storage_root:
        rows.append(_beating("caretaker", "ops.caretaker", plan, environment))
    rows += [_worker(plan, environment, number) for number in range(1, image_workers(environment) + 1)]
    rows.append(_edge(plan))
    here = {row.name for row in rows}
    return [replace(row, after=tuple(name for name in row.after if name in here)) for row in rows]


def image_workers(environment: Mapping[str, str]) -> int:
    """Worker processes of the lane `images`: DARKROOM_IMAGE_WORKERS, else one a core, at least two."""
    return number(environment, "IMAGE_WORKERS", int, max(2, cores()))


def _postgres(plan: Plan) -> Part:
    return Part(
        name="postgres",
        role="database",
        argv=postgres.command(plan.folder, plan.ports["postgres"]),
        env=postgres.environment(),
        health=health.postgres(plan.services.database_url),
        # Fast shutdown: clients are sent away, nothing is lost.
        stop=signal.SIGINT,
        port=plan.ports["postgres"],
        grace=30,
    )


def _valkey(plan: Plan) -> Part:
    return Part(
        name="valkey",
        role="queue",
        argv=valkey.command(plan.folder),
        env=valkey.environment(),
        health=health.valkey(plan.services.valkey_url),
        port=plan.ports["valkey"],
    )


def _storage(plan: Plan, environment: Mapping[str, str]) -> Part:
    port, folder = plan.ports["storage"], plan.folder.storage
    access, _, secret = plan.credentials.storage_root.partition(":")
    notify = storage_setup.notify_env(*plan.services.valkey_address(), folder / "queue", "darkroom:arrivals")
    # A day after the daily cleaning should have found and told them.
    stale = math.ceil(number(environment, "CLEAN_HOURS", float, 48.0)) + 24
    ready = storage_command.server(
        plan.server, plan.folder.drives, port, access, secret, folder / "certs", notify, stale_hours=stale
    )
    return Part(
        name="storage",
        role="storage",
        argv=ready.argv,
        env=ready.env,
        health=health.http(port, "/minio/health/cluster"),
        # It looks its notification targets up when it starts.
        after=("valkey",),
        port=port,
    )


def _python(plan: Plan, module: str, *arguments: str) -> list[str]:
    return [str(locate.python()), "-P", "-m", module, "--data", str(plan.folder.path), *arguments]


def _ledger(plan: Plan, environment: Mapping[str, str]) -> Part:
    return Part(
        name="ledger",
        role="setup",
        argv=_python(plan, "appliance.ledger.migrate"),
        env=for_role("migrate", plan, environment),
        health=health.nothing,
        after=("postgres",),
        once=True,
        patience=300,
    )


def _buckets(plan: Plan, environment: Mapping[str, str]) -> Part:
    return Part(
        name="buckets",
        role="setup",
        argv=_python(plan, "ops.buckets"),
        env=for_role("buckets", plan, environment),
        health=health.nothing,
        after=("storage", "valkey"),
        once=True,
        patience=120,
    )


def _api(plan: Plan, environment: Mapping[str, str]) -> Part:
    return Part(
        name="api",
        role="api",
        argv=_python(plan, "appliance.app"),
        env=for_role("api", plan, environment),
        health=health.http(plan.ports["api"], "/readyz"),
        after=BACKENDS,
        port=plan.ports["api"],
    )


def _beating(name: str, module: str, plan: Plan, environment: Mapping[str, str]) -> Part:
    """A part without a port: that it is well is told by its beat."""
    return Part(
        name=name,
        role=name,
        argv=_python(plan, module),
        env=for_role(name, plan, environment),
        health=health.beat(plan.services.valkey_url, name),
        after=BACKENDS,
    )


def _worker(plan: Plan, environment: Mapping[str, str], number: int) -> Part:
    name = f"worker-images-{number}"
    return Part(
        name=name,
        role="worker",
        argv=_python(plan, "appliance.worker", "--lane", "images", "--number", str(number)),
        env=for_role("worker", plan, environment),
        health=health.beat(plan.services.valkey_url, name),
        after=BACKENDS,
        # A photo under way is finished; what takes longer is somebody else's after its lease.
        grace=20,
    )


def _edge(plan: Plan) -> Part:
    name = urlsplit(plan.site.public_urls[0]).hostname or "127.0.0.1"
    return Part(
        name="edge",
        role="edge",
        argv=caddy.command(plan.folder),
        env=caddy.environment(plan.folder),
        # The page is the edge's own; the parts behind it are asked for theirs.
        health=health.http(plan.site.port, "/", name, plan.site.tls),
        after=("api",),
        port=plan.site.port,
    )
