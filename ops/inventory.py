"""The one table of an appliance's parts: what each is for, how it runs, what it needs, how it is stopped."""

import math
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from ops import caddy, gateway, health, postgres, valkey, wires
from ops.backups import schedule
from ops.disks import record
from ops.services import Plan
from ops.variables import cores, for_role, number
from storage import setup as storage_setup
from storage.server import command as storage_command

BACKFILL = "worker-backfill-"
BACKENDS = ("wires", "postgres", "valkey", "storage", "gateway", "ledger", "buckets")


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
    rows = [row for kind, made in KINDS.items() if kind in plan.kinds for row in made(plan, environment)]
    here = {row.name for row in rows}
    return [replace(row, after=tuple(name for name in row.after if name in here)) for row in rows]


def image_workers(environment: Mapping[str, str]) -> int:
    """Worker processes of the lane `images`: DARKROOM_IMAGE_WORKERS, else one a core, at least two."""
    return number(environment, "IMAGE_WORKERS", int, max(2, cores()))


def media_workers(environment: Mapping[str, str]) -> int:
    """Worker processes of the lane `media`, each at one file at a time: DARKROOM_MEDIA_WORKERS, else one."""
    return number(environment, "MEDIA_WORKERS", int, 1)


def backfill_workers(environment: Mapping[str, str]) -> int:
    """Worker processes of the lane `backfill`, each at one file of a library: DARKROOM_BACKFILL_WORKERS, else one."""
    return number(environment, "BACKFILL_WORKERS", int, 1)


def _postgres(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    yield Part(
        name="postgres",
        role="database",
        argv=postgres.command(plan.programs.postgres(), plan.folder, plan.ports["postgres"]),
        env=postgres.environment(),
        health=health.postgres(plan.services.database_url),
        # Fast shutdown: clients are sent away, nothing is lost.
        stop=signal.SIGINT,
        port=plan.ports["postgres"],
        grace=30,
    )


def _valkey(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    yield Part(
        name="valkey",
        role="queue",
        argv=valkey.command(plan.programs.valkey(), plan.folder),
        env=valkey.environment(),
        health=health.valkey(plan.services.valkey_url),
        port=plan.ports["valkey"],
    )


def _storage(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    folder, (access, _, secret) = plan.folder.storage, plan.credentials.storage_root.partition(":")
    notify = storage_setup.notify_env(*plan.services.valkey_address(), folder / "queue", "darkroom:arrivals")
    # A day after the daily cleaning should have found and told them, and nobody can go on with them any more.
    life = number(environment, "UPLOAD_SECONDS", int, 7 * 24 * 3600) / 3600
    stale = math.ceil(max(life, number(environment, "CLEAN_HOURS", float, 48.0))) + 24
    program, md5 = plan.programs.storage(), bool(plan.site.s3_port)  # clients of others compare an ETag with it
    if node := plan.node:
        ready = storage_command.node(program, node, access, secret, notify, md5, stale)
        asked = health.http(node.port, "/minio/health/cluster", tls=True, address=node.address)
    else:
        certs, port = folder / "certs", plan.ports["storage"]
        ready = storage_command.server(
            Path(*program),
            plan.folder.drives,
            port,
            access,
            secret,
            certs,
            notify,
            md5,
            stale,
            missing=[one.folder for one in record.missing(plan.folder)],
        )
        asked = health.http(port, "/minio/health/cluster")
    yield Part(
        name="storage",
        role="storage",
        argv=ready.argv,
        env=ready.env,
        health=asked,
        # It looks its notification targets up when it starts.
        after=("wires", "valkey"),
        port=node.port if node else port,
    )


def _python(plan: Plan, module: str, *arguments: str) -> list[str]:
    return [*plan.programs.python(), "-P", "-m", module, "--data", str(plan.folder.path), *arguments]


def _ledger(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    yield Part(
        name="ledger",
        role="setup",
        argv=_python(plan, "appliance.ledger.migrate"),
        env=for_role("migrate", plan, environment),
        health=health.nothing,
        after=("wires", "postgres"),
        once=True,
        patience=300,
    )


def _buckets(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    if not plan.credentials.storage_root:
        return  # of somebody else's storage, who makes them
    yield Part(
        name="buckets",
        role="setup",
        argv=_python(plan, "ops.buckets"),
        env=for_role("buckets", plan, environment),
        health=health.nothing,
        after=("wires", "storage", "gateway", "valkey"),
        once=True,
        patience=120,
    )


def _api(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    yield Part(
        name="api",
        role="api",
        argv=_python(plan, "appliance.app"),
        env=for_role("api", plan, environment),
        health=health.http(plan.ports["api"], "/readyz"),
        after=BACKENDS,
        port=plan.ports["api"],
    )


def _beating(name: str, module: str) -> "Rows":
    """A part without a port: that it is well is told by its beat."""

    def rows(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
        yield Part(
            name=name,
            role=name,
            argv=_python(plan, module),
            env=for_role(name, plan, environment),
            health=health.beat(plan.services.valkey_url, name, plan.host),
            after=BACKENDS,
        )

    return rows


def _caretaker(plan: Plan, environment: Mapping[str, str]) -> Iterable[Part]:
    if not plan.credentials.storage_root:
        return ()  # of somebody else's storage, who looks after it
    return _beating("caretaker", "ops.caretaker")(plan, environment)


def _backups(plan: Plan, environment: Mapping[str, str]) -> Iterable[Part]:
    if schedule.load(plan.folder, environment) is None:
        return ()
    return _beating("backups", "ops.backups")(plan, environment)


def _room(plan: Plan, environment: Mapping[str, str]) -> Iterable[Part]:
    return _beating("room", "ops.room")(plan, environment) if plan.site.s3_port else ()


def _workers(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    for lane, count in (("images", image_workers(environment)), ("media", media_workers(environment))):
        for which in range(1, count + 1):
            name = f"worker-{lane}-{which}"
            yield Part(
                name=name,
                role="worker",
                argv=_python(plan, "appliance.worker", "--lane", lane, "--number", str(which)),
                env=for_role("worker", plan, environment),
                health=health.beat(plan.services.valkey_url, name, plan.host),
                after=BACKENDS,
                # A photo under way is finished; what takes longer begins anew, or is somebody else's after its lease.
                grace=20,
            )


def _backfill(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    for which in range(1, backfill_workers(environment) + 1):
        name = f"{BACKFILL}{which}"
        yield Part(
            name=name,
            role="worker",
            argv=_python(plan, "appliance.backfill", "--number", str(which)),
            env=for_role("worker", plan, environment),
            health=health.beat(plan.services.valkey_url, name, plan.host),
            after=BACKENDS,
        )


def _edge(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    name = urlsplit(plan.site.public_urls[0]).hostname or "127.0.0.1"
    yield Part(
        name="edge",
        role="edge",
        argv=caddy.command(plan.programs.caddy(), plan.folder),
        env=caddy.environment(plan.folder),
        # The page is the edge's own; the parts behind it are asked for theirs.
        health=health.http(plan.site.port, "/", name, plan.site.tls),
        after=("wires", "gateway", "api"),
        port=plan.site.port,
    )


def _wires(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    yield Part("wires", "network", wires.command(plan.folder), wires.environment(), health.nothing)


def _gateway(plan: Plan, environment: Mapping[str, str]) -> Iterator[Part]:
    port = plan.ports["gateway"]
    yield Part(
        name="gateway",
        role="network",
        argv=gateway.command(plan.programs.caddy(), plan.folder),
        env=gateway.environment(plan.folder),
        health=health.http(port, "/minio/health/cluster"),
        port=port,
    )


Rows = Callable[[Plan, Mapping[str, str]], Iterable[Part]]
STORES = ("postgres", "valkey", "storage", "gateway")
"""What keeps everything, and the way to it: what a restore needs, and all that runs until it has ended."""

KINDS: dict[str, Rows] = {
    "wires": _wires,
    "postgres": _postgres,
    "valkey": _valkey,
    "storage": _storage,
    "gateway": _gateway,
    "ledger": _ledger,
    "buckets": _buckets,
    "api": _api,
    "intake": _beating("intake", "appliance.intake"),
    "webhooks": _beating("webhooks", "appliance.sender"),
    "caretaker": _caretaker,
    "worker": _workers,
    "backfill": _backfill,
    "backups": _backups,
    "room": _room,
    "edge": _edge,
}
"""Every kind of part, in the order in which they are started and shown, and its rows."""

BETWEEN_HOSTS = frozenset({"wires", "gateway", "room"})
ON_ONE_MACHINE = frozenset(KINDS) - BETWEEN_HOSTS
