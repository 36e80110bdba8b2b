"""The image of the containers, made by the Dockerfile's own script in a Debian 12 of the tests' own. Needs root."""

import os
import shutil
import subprocess
from pathlib import Path

from ops.setup import packages, place
from tests.stack import CHECKOUT

DEBOOTSTRAP = packages.Need("debootstrap", "debootstrap", "debootstrap", ("/usr/sbin",))
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
AUTHORITIES = Path("/usr/local/share/ca-certificates")
"""Those of this machine, where its way to the indexes leads past one: the image trusts them too, here."""
INSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
INSIDE |= dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT"), "/etc/ssl/certs/ca-certificates.crt")

ENTER = """
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind /etc/resolv.conf "$1/etc/resolv.conf"
exec chroot "$@"
"""


def make(root: Path) -> None:
    """Debian 12 as its image is, then the steps of the Dockerfile."""
    if not DEBOOTSTRAP.present():
        packages.install([DEBOOTSTRAP], "needed to try the image of the containers")
    mirror = next(line.split()[1] for line in SOURCES.read_text().splitlines() if line.startswith("URIs: "))
    _run(["debootstrap", "--variant=minbase", "bookworm", str(root), mirror])
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    shutil.copy(SOURCES, root / "etc/apt/sources.list.d")
    (root / "etc/resolv.conf").touch()
    shutil.copytree(AUTHORITIES, root / AUTHORITIES.relative_to("/"), dirs_exist_ok=True)
    checkout = root / "opt/darkroom/checkout"
    for name in place.PACKAGES:
        shutil.copytree(CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in place.FILES:
        shutil.copy2(CHECKOUT / name, checkout / name)
    inside(root, "/opt/darkroom/checkout/ops/containers/install.sh")


def inside(root: Path, *command: str) -> str:
    """What `command` says, run as root in there; its mounts end with it."""
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", ENTER, "sh", str(root)]
    return _run([*apart, *command], INSIDE)


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    path = {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    done = subprocess.run(
        command, env=environment or {**os.environ, **path}, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout
