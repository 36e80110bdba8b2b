"""The embedded Postgres: how its data folder is made, and how it is started."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ops import locate
from ops.folder import DataFolder

USER = DATABASE = "darkroom"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may be no longer than 107 bytes; loopback has no such limit.
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


def ensure(folder: DataFolder, password: str) -> None:
    """Makes the database folder if it isn't there: data checksums, builtin C.UTF-8 locale, passwords by SCRAM.

    Raises subprocess.CalledProcessError, with what initdb said in `stderr`.
    """
    if (folder.postgres / "PG_VERSION").exists():
        return
    locate.keep_postgres(folder)
    new = draft(folder)
    shutil.rmtree(new, ignore_errors=True)
    binaries = locate.postgres(folder)
    initdb(binaries, new, password)
    once(binaries, new, f"CREATE DATABASE {DATABASE}\n")
    new.rename(folder.postgres)


def draft(folder: DataFolder) -> Path:
    """Where a database folder is made before it takes its place."""
    return folder.path / "postgres.new"


def initdb(binaries: Path, target: Path, password: str) -> None:
    """Makes an empty cluster. Raises subprocess.CalledProcessError."""
    with tempfile.NamedTemporaryFile("w", dir=target.parent, prefix="pw-") as secret:
        secret.write(password + "\n")
        secret.flush()
        options = ["--username", USER, "--pwfile", secret.name, "--auth", "scram-sha-256", "--data-checksums"]
        options += [
            "--encoding",
            "UTF8",
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
            "--locale",
            "C",
        ]
        _run([str(binaries / "initdb"), "--pgdata", str(target), *options])


def once(binaries: Path, target: Path, sql: str, database: str = "postgres") -> None:
    """Opens a cluster that nobody has open, recovers it where it was killed, runs `sql`, and closes it cleanly.

    Raises subprocess.CalledProcessError.
    """
    _run([str(binaries / "postgres"), "--single", "-D", str(target), database], sql)


def _run(command: list[str], text: str = "") -> None:
    subprocess.run(command, input=text, env=environment(), check=True, capture_output=True, text=True)


def command(program: list[str], folder: DataFolder, port: int) -> list[str]:
    argv = [*program, "-D", str(folder.postgres), "-p", str(port)]
    # Shown in the title of each of its processes; Postgres keeps 63 bytes of it.
    title = f"{folder.path}"
    settings = SETTINGS | {"cluster_name": title if len(title) < 64 else "..." + title[-60:]}
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return argv


def environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def url(port: int, password: str) -> str:
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"
