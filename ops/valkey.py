"""The embedded Valkey: queue and doorbell, kept on disk so that a restart loses at most a second of hints."""

import os

from ops.folder import DataFolder

FILE = "valkey.conf"

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
daemonize no
supervised no
# A queue may not forget under pressure: writers are told instead, and the ledger knows what is open.
maxmemory 1gb
maxmemory-policy noeviction
appendonly yes
appendfsync everysec
save ""
proc-title-template "{{title}} {{config-file}} {{listen-addr}}"
"""


def configuration(folder: DataFolder, port: int, password: str) -> str:
    """The text of FILE."""
    return CONFIGURATION.format(port=port, password=password, folder=folder.valkey)


def ensure(folder: DataFolder, port: int, password: str) -> None:
    """Writes the configuration, mode 0600 since it holds the password."""
    path, text = folder.valkey / FILE, configuration(folder, port, password)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def password(folder: DataFolder) -> str:
    """The one in FILE; "" where there is no such file."""
    try:
        lines = (folder.valkey / FILE).read_text().splitlines()
    except FileNotFoundError:
        return ""
    return next((line.split(" ", 1)[1] for line in lines if line.startswith("requirepass ")), "")


def command(program: list[str], folder: DataFolder) -> list[str]:
    return [*program, str(folder.valkey / FILE)]


def environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"
