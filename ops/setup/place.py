"""Where things lie: the code that runs, its environment, the cache and the data folder."""

import fcntl
import hashlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from ops.setup import account
from ops.setup.say import say

PACKAGES = ("appliance", "ops", "processors", "storage", "web")
FILES = ("pyproject.toml", "uv.lock", "LICENSE")
ROOT_CACHE = Path("/var/cache/darkroom")


@dataclass(frozen=True)
class Place:
    code: Path
    """The folder that holds the packages: the checkout, or a copy of it that the service account can reach."""
    venv: Path
    data: Path
    cache: Path
    """For what the running parts make once and can make again, as the storage server's binary."""
    installer: Path
    """For what the set-up itself fetches; as root never writable by the service account."""


def of_user(checkout: Path, data: Path) -> Place:
    """Everything in place: the checkout, .venv in it, the data folder as asked for."""
    base = os.environ.get("XDG_CACHE_HOME")
    cache = Path(os.environ.get("DARKROOM_CACHE") or (Path(base) if base else Path.home() / ".cache") / "darkroom")
    return Place(checkout, checkout / ".venv", data, cache, cache)


def of_service(checkout: Path, data: Path, service: pwd.struct_passwd) -> Place:
    """Where root starts the parts as `service`: in place if that account can reach it, else in folders of its own."""
    own = account.HOME / short(checkout)
    cache = Path(os.environ.get("DARKROOM_CACHE") or ROOT_CACHE / "service")
    code, venv = checkout, checkout / ".venv"
    if not account.reachable(service, checkout):
        code, venv = own / "code", own / "venv"
        say(f"{checkout} can't be reached by the user {service.pw_name}: running from a copy in {own}")
    if not account.reachable(service, data):
        wanted, data = data, own / "data" if data == checkout / "var" else account.HOME / short(data) / "data"
        say(f"{wanted} can't be reached by the user {service.pw_name}: the data folder is {data}")
    return Place(code, venv, data, cache, ROOT_CACHE)


def short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def refresh_copy(checkout: Path, code: Path) -> None:
    """Makes `code` an up-to-date copy of what runs, unless nothing has changed since the last one.

    Of two at once the second waits for the first, then finds its work done.
    """
    code.parent.mkdir(parents=True, exist_ok=True)
    with code.with_name("code.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        listing, mark = _listing(checkout), code / ".copied"
        if not mark.exists() or mark.read_text() != listing:
            _copy(checkout, code, listing)


def _copy(checkout: Path, code: Path, listing: str) -> None:
    fresh, old = code.with_name("code.new"), code.with_name("code.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir()
    for name in PACKAGES:
        shutil.copytree(checkout / name, fresh / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy2(checkout / name, fresh / name)
    (fresh / ".copied").write_text(listing)
    _open_to_all(fresh)
    if code.exists():
        code.rename(old)
    fresh.rename(code)
    shutil.rmtree(old, ignore_errors=True)


def _listing(checkout: Path) -> str:
    """Name, size and time of every file that is copied, as one hash."""
    lines = []
    for top in (*PACKAGES, *FILES):
        for folder, subfolders, files in os.walk(checkout / top):
            subfolders[:] = sorted(name for name in subfolders if name != "__pycache__")
            lines += [_line(os.path.join(folder, name)) for name in sorted(files)]
        if (checkout / top).is_file():
            lines.append(_line(str(checkout / top)))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _line(path: str) -> str:
    facts = os.stat(path)
    return f"{path} {facts.st_size} {facts.st_mtime_ns}"


def _open_to_all(top: Path) -> None:
    """Readable by everybody whatever the modes and the umask of the checkout were; it holds no secrets."""
    top.chmod(0o755)
    for folder, subfolders, files in os.walk(top):
        for name in (*subfolders, *files):
            path = Path(folder) / name
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
