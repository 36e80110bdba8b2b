"""The environment of each kind of process: what it needs and nothing else, so that no key is where it isn't used."""

import math
import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from ops import credentials
from ops.services import Plan

Number = TypeVar("Number", int, float)

BASE = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "HOME",
    "USER",
    "LOGNAME",
    "PYTHONPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)

STORAGE = ("STORAGE_URL", "STORAGE_BUCKET", "STORAGE_REGION", "STORAGE_ABILITIES")
SHARED = ("HOST", "DATA", "DATABASE_URL", "VALKEY_URL", *STORAGE, "PUBLIC_URLS", "ALLOW_ORIGINS")
"""Of our own variables, without DARKROOM_: what every process of the appliance gets."""

OF_DRILLS = ("BACKUP_KEY", "CACHE", "MINIO")
"""What another appliance beside this one has the same of."""

PRIVATE = {
    "migrate": (),
    "buckets": ("STORAGE_ROOT", "UPLOADER_KEY", "READER_KEY", "WORKER_KEY", "REPLACED_KEYS"),
    "api": ("UPLOADER_KEY", "READER_KEY", "TOKEN_SECRET", "API_PORT", "API_WORKERS", "PAYMENT_RPC_URL"),
    "intake": ("WORKER_KEY", "PAYMENT_RPC_URL"),
    "worker": ("WORKER_KEY",),
    "verify": ("WORKER_KEY", "STORAGE_ROOT"),
    "webhooks": ("READER_KEY",),
    "caretaker": ("WORKER_KEY", "STORAGE_ROOT"),
    "retry": (),
    "library": (),
    "backup": ("WORKER_KEY",),
    "backups": OF_DRILLS,
    "room": (),
    "replicate": ("STORAGE_ROOT",),
}
"""What a kind of process gets besides."""

ALLOCATOR = {"worker": {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}}
"""Photos come and go through a worker: memory that glibc keeps needs no new pages for each."""

OURS = {
    *SHARED,
    *(name for names in PRIVATE.values() for name in names),
    "CACHE",
    "MINIO",
    "IMAGE_WORKERS",
    "MEDIA_WORKERS",
    "BACKFILL_WORKERS",
    "KEY",
    "REPLICA_KEY",
    "REPLICA_ROOT",
}
"""What is never passed on as it came from outside; KEY is a client's own, the last two those of a second site."""


class BadNumber(ValueError):
    """A variable of the environment holds what is no number; the message names it."""


def number(environment: Mapping[str, str], name: str, kind: Callable[[str], Number], default: Number) -> Number:
    """DARKROOM_`name` as an int or a float, not negative; the default where it is not given. Raises BadNumber."""
    text = environment.get(f"DARKROOM_{name}", "")
    try:
        value = kind(text) if text else default
    except ValueError:
        value = kind("-1")
    if value < 0 or not math.isfinite(value):
        what = "a whole number" if kind is int else "a number"
        raise BadNumber(f"DARKROOM_{name} is {text!r}, where {what} from 0 on is wanted")
    return value


def of_nobody(environment: Mapping[str, str]) -> dict[str, str]:
    """The same without where an appliance's parts are, and their keys: for another appliance beside it."""
    named = {*SHARED, *(name for names in PRIVATE.values() for name in names)} - set(OF_DRILLS)
    return {name: value for name, value in environment.items() if name.removeprefix("DARKROOM_") not in named}


def for_role(role: str, plan: Plan, environment: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a process of kind `role`; further DARKROOM_ settings in `environment` are passed on."""
    values = _values(plan, environment)
    chosen = {f"DARKROOM_{name}": values[name] for name in (*SHARED, *PRIVATE[role])}
    further = {name: value for name, value in environment.items() if name.startswith("DARKROOM_")}
    passed = {name: value for name, value in further.items() if name.removeprefix("DARKROOM_") not in OURS}
    basics = {name: environment[name] for name in BASE if name in environment}
    return {**basics, **passed, **chosen, **ALLOCATOR.get(role, {}), "PYTHONUNBUFFERED": "1"}


def _values(plan: Plan, environment: Mapping[str, str]) -> dict[str, str]:
    return {
        "HOST": plan.host,
        "DATA": str(plan.folder.path),
        "DATABASE_URL": plan.services.database_url,
        "VALKEY_URL": plan.services.valkey_url,
        "STORAGE_URL": plan.services.storage_url,
        "STORAGE_BUCKET": plan.services.storage.bucket,
        "STORAGE_REGION": plan.services.storage.region,
        "STORAGE_ABILITIES": " ".join(sorted(plan.services.storage.abilities)),
        "PUBLIC_URLS": " ".join(plan.site.public_urls),
        "ALLOW_ORIGINS": " ".join(plan.site.origins),
        "STORAGE_ROOT": plan.credentials.storage_root,
        **{name: environment.get(f"DARKROOM_{name}", "") for name in OF_DRILLS},
        "UPLOADER_KEY": plan.credentials.uploader,
        "READER_KEY": plan.credentials.reader,
        "WORKER_KEY": plan.credentials.worker,
        "REPLACED_KEYS": " ".join(credentials.replaced(plan.folder)),
        "TOKEN_SECRET": plan.credentials.token,
        "PAYMENT_RPC_URL": environment.get("DARKROOM_PAYMENT_RPC_URL", ""),
        "API_PORT": str(plan.ports["api"]),
        "API_WORKERS": environment.get("DARKROOM_API_WORKERS") or str(max(2, min(4, cores()))),
    }


def cores() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0))
