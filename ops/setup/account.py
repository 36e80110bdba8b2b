"""The unprivileged account that everything runs as when root starts it, and what that account can reach."""

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ops.setup import capabilities
from ops.setup.say import say, stop

NAME = "darkroom"
HOME = Path("/var/lib/darkroom")
OPTIONS = [
    *("--system", "--user-group", "--no-create-home", "--home-dir", str(HOME), "--shell", "/usr/sbin/nologin"),
    NAME,
]
"""Of useradd(8)."""


def ensure() -> pwd.struct_passwd:
    """The service account, made with `useradd --system` the first time. Needs root."""
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    tool = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if tool is None:
        stop("useradd is missing", f"Make a system user named {NAME} by hand, or start as an ordinary user.")
    command = [tool, *OPTIONS]
    say(f"Started as root: making the system user {NAME!r}, which everything will run as.")
    made = subprocess.run(command, capture_output=True, text=True)
    # 9: another start made it a moment ago.
    if made.returncode not in (0, 9):
        stop(f"useradd failed: {made.stderr.strip()}", "Start as an ordinary user, or make the user by hand.")
    return pwd.getpwnam(NAME)


def become(account: pwd.struct_passwd, low_ports: bool = False) -> None:
    """Gives up root for good, groups included; low_ports keeps the right to open ports below 1024."""
    groups = [group.gr_gid for group in grp.getgrall() if account.pw_name in group.gr_mem]
    os.setgroups(groups)
    os.setgid(account.pw_gid)
    if low_ports:
        capabilities.keep()
    os.setuid(account.pw_uid)
    if low_ports:
        capabilities.only_low_ports()


def can(account: pwd.struct_passwd, check: Callable[[], bool]) -> bool:
    """The answer of `check` as `account` would get it: asked in a child that has become that account."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            become(account)
            code = 0 if check() else 1
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def reachable(account: pwd.struct_passwd, path: Path) -> bool:
    """Whether `account` can get to `path`, or to the nearest of its parents that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    mode = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    return can(account, lambda: os.access(path, mode))


def give(account: pwd.struct_passwd, folder: Path, mode: int = 0o700) -> None:
    """Makes `folder`, owned by `account`. A folder that holds somebody else's things is refused, never taken over."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = folder.stat().st_uid
    if owner == account.pw_uid:
        return
    refuse_foreign(folder, os.geteuid())
    if any(folder.iterdir()):
        stop(f"{folder} is not empty and belongs to root", "Choose an empty or a new folder with --data.")
    os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)
    folder.chmod(mode)


def refuse_foreign(folder: Path, uid: int) -> None:
    """Ends the process if `folder` is there and belongs to another user than `uid`."""
    if not folder.exists() or (owner := folder.stat().st_uid) == uid:
        return
    name = _name(owner)
    who = "root" if name == NAME else name
    remedy = "Choose another folder with --data."
    stop(f"{folder} belongs to {name}", remedy if os.geteuid() == owner else f"Start as {who}, or c{remedy[1:]}")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
