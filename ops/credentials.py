"""The passwords and keys of one appliance: made once at random, kept in the data folder, never shown."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ops.folder import DataFolder

FILE = "secrets.json"
REPLACED = "replaced"
STORAGE_KEYS = ("uploader", "reader", "worker")
DEFAULTS = {"minioadmin", "minio123", "postgres", "password", "admin", "changeme", "secret", "redis", "valkey", ""}


class DefaultPassword(ValueError):
    """A password that everybody knows was given from outside."""


@dataclass(frozen=True, repr=False)
class Credentials:
    """Storage keys have the form `access:secret`."""

    database: str
    valkey: str
    token: str
    storage_root: str
    uploader: str
    reader: str
    worker: str


def load(folder: DataFolder, environment: Mapping[str, str]) -> Credentials:
    """The folder's own credentials, completed and recorded where some are missing; keys given from outside win.

    DARKROOM_STORAGE_ROOT and DARKROOM_{UPLOADER,READER,WORKER}_KEY belong to an external storage server.
    Raises DefaultPassword if one of those has a well-known secret.
    """
    known = folder.read(FILE)
    made = {field.name: known.get(field.name) or _make(field.name) for field in fields(Credentials)}
    if known | made != known:
        folder.write(FILE, known | made)
    given = {
        "storage_root": environment.get("DARKROOM_STORAGE_ROOT"),
        **{name: environment.get(variable(name)) for name in STORAGE_KEYS},
        "token": environment.get("DARKROOM_TOKEN_SECRET"),
    }
    chosen = {name: value for name, value in given.items() if value}
    for name, value in chosen.items():
        refuse_default(name, value.rpartition(":")[2])
    ours = "storage_root" in chosen and not environment.get("DARKROOM_STORAGE_BUCKET")
    if environment.get("DARKROOM_STORAGE_URL") and not ours:
        # Our own root password is none of the external server's: its keys and buckets are made by whoever runs it.
        chosen["storage_root"] = ""
    return Credentials(**(made | chosen))


def variable(name: str) -> str:
    """Where one of STORAGE_KEYS is given from outside."""
    return f"DARKROOM_{name.upper()}_KEY"


def rotate(folder: DataFolder) -> None:
    """Replaces the keys for storage of an appliance that does not run; its next start gives them to the server."""
    known = folder.read(FILE)
    old = [*replaced(folder), *(known[name].partition(":")[0] for name in STORAGE_KEYS if name in known)]
    folder.write(FILE, known | {name: _make(name) for name in STORAGE_KEYS} | {REPLACED: " ".join(old)})


def replaced(folder: DataFolder) -> list[str]:
    """The access keys that `rotate` has replaced so far, the oldest first."""
    return str(folder.read(FILE).get(REPLACED, "")).split()


def refuse_default(name: str, secret: str | None) -> None:
    """Raises DefaultPassword where `secret` is one that everybody tries first."""
    if (secret or "").lower() in DEFAULTS:
        raise DefaultPassword(f"the {name} given from outside has a default or empty password")


def _make(name: str) -> str:
    # Letters and digits only: these stand in URLs and configuration files.
    secret = secrets.token_hex(24)
    pairs = {"storage_root": "root", "uploader": "uploader", "reader": "reader", "worker": "worker"}
    return f"{pairs[name]}-{secrets.token_hex(4)}:{secret}" if name in pairs else secret
