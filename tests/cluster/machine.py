"""A host of the tests: a network namespace with a cable to a bridge, and a file system of its own over the machine's.

What is written there stays in memory and goes with the host; drives are XFS on loop devices. Needs root.
"""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
NETWORK = "10.77.0"
BRIDGE, PREFIX = "dkbridge", "dk-"
GATEWAY = f"{NETWORK}.254"

# The machine's own system below, the host's changes above. Its own root, not a chroot: in one of those no account may
# make a namespace, and the decoders' sandbox makes some.
BECOME = """
set -e
mount -t overlay overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" "$1/root"
cd "$1/root"
for kept in proc sys dev; do mount --rbind /$kept $kept; done
mkdir -p var/lib/asked var/lib/holders
mount --bind "$1/asked" var/lib/asked
mount --bind "$1/../holders" var/lib/holders
for fresh in tmp run; do mount -t tmpfs tmpfs $fresh; done
# The checkout may be in a folder that was just covered.
mkdir -p "$1/root$2"
mount --bind "$2" "$1/root$2"
mkdir -p run/before
pivot_root . run/before
umount -l /run/before
chmod 1777 /tmp
touch /run/is-a-host
exec sleep infinity
"""


def tool(*command: str, check: bool = True) -> str:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "PATH": path})
    assert not check or done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


class Network:
    """The bridge that all cables end at, with an address for the tests themselves.

    Hosts have names and addresses, so there is one such network at a time: whoever is second waits.
    """

    def __init__(self) -> None:
        self._lock = (Path(tempfile.gettempdir()) / "darkroom-hosts.lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        clear()
        tool("ip", "link", "add", BRIDGE, "type", "bridge")
        tool("ip", "address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
        tool("ip", "link", "set", BRIDGE, "up")

    def close(self) -> None:
        clear()
        self._lock.close()


def clear() -> None:
    """Removes the bridge and all hosts, those of tests that were killed as well, with every process in them."""
    for line in tool("ip", "netns", "list").splitlines():
        if (name := line.split()[0]).startswith(PREFIX):
            end(name)
    for line in tool("ip", "-oneline", "link", "show", "type", "veth").splitlines():
        if (name := line.split()[1].split("@")[0]).startswith(PREFIX):
            tool("ip", "link", "delete", name, check=False)
    tool("ip", "link", "delete", BRIDGE, check=False)


def end(namespace: str) -> None:
    for pid in tool("ip", "netns", "pids", namespace).split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    # Both ends of the cable: a process that is slow to die would keep its own.
    tool("ip", "link", "delete", namespace, check=False)
    tool("ip", "netns", "delete", namespace)


class Machine:
    """One host. `folder` is on a file system in memory, outside of what hosts see."""

    def __init__(self, name: str, number: int, folder: Path) -> None:
        self.name, self.address, self.folder = name, f"{NETWORK}.{number}", folder
        self.namespace = self.cable = f"{PREFIX}{name}"
        for part in ("upper", "work", "root", "asked", "../holders"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        # A host of the tests reaches no package index: it has the dependencies of the tests' own environment.
        (folder / "upper/opt/darkroom").mkdir(parents=True, exist_ok=True)
        (folder / "upper/opt/darkroom/venv").symlink_to(Path(sys.prefix))
        tool("ip", "netns", "add", self.namespace)
        tool("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        tool("ip", "link", "set", self.cable, "master", BRIDGE, "up")
        inside = ("ip", "-n", self.namespace)
        tool(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        tool(*inside, "link", "set", "eth0", "up")
        tool(*inside, "link", "set", "lo", "up")
        command = ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "sh", "-c", BECOME, "sh", str(folder)]
        command.append(str(CHECKOUT))
        self._holder = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "PATH": _PATH})
        limit = time.monotonic() + 30
        while subprocess.run(self.inside("test", "-e", "/run/is-a-host"), capture_output=True).returncode:
            assert time.monotonic() < limit, "the host did not come up"
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The process that keeps this host's namespaces."""
        return self._holder.pid

    def inside(self, *command: str) -> list[str]:
        """The command line that runs `command` on this host, as root."""
        return ["nsenter", "--target", str(self._holder.pid), "--net", "--mount", "--", *command]

    def run(self, *command: str, check: bool = True, seconds: float = 600) -> "subprocess.CompletedProcess[str]":
        """Runs `command` here to its end, as root."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
        done = subprocess.run(
            self.inside(*command),
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**environment, "PATH": _PATH, "HOME": "/root"},
        )
        assert not check or done.returncode == 0, f"{self.name}: {command}: {done.stdout}{done.stderr}"
        return done

    def start(
        self, argv: Sequence[str], environment: Mapping[str, str], user: str, log: IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        """Starts a process of `user` here, with this environment and no other; it has a group of its own."""
        become = ("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "--")
        command = self.inside(*become, *argv)
        # Secrets are in the environment alone; PATH is for finding the tools until the program itself has begun.
        return subprocess.Popen(
            command,
            env={"PATH": _PATH, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
        )

    def cut(self) -> None:
        """Pulls the cable out."""
        tool("ip", "link", "set", self.cable, "down")

    def mend(self) -> None:
        tool("ip", "link", "set", self.cable, "up")

    def read(self, path: Path) -> str:
        return self.run("cat", str(path)).stdout

    def close(self) -> None:
        end(self.namespace)
        self._holder.wait()


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Disk:
    """A drive of a host: an XFS in a file, known by the UUID that it was made with, mounted where the unit says."""

    def __init__(self, machine: Machine, image: Path, uuid: str, where: Path, megabytes: int = 600) -> None:
        self.machine, self.uuid, self.where, self._image = machine, uuid, where, image
        self._megabytes = megabytes
        self._loop = ""
        self.make()

    def make(self) -> None:
        """A new file system, empty but for its owner: what a drive is after it was replaced."""
        self._image.unlink(missing_ok=True)
        with self._image.open("wb") as file:
            file.truncate(self._megabytes << 20)
        tool("mkfs.xfs", "-q", "-m", f"uuid={self.uuid}", str(self._image))
        self._loop = tool("losetup", "--find", "--show", str(self._image)).strip()

    def mount(self, options: str) -> None:
        self.machine.run("mount", "-t", "xfs", "-o", options, self._loop, str(self.where))
        self.machine.run("chown", "darkroom:darkroom", str(self.where))
        self.machine.run("chmod", "0700", str(self.where))

    def unmount(self, lazy: bool = False) -> None:
        self.machine.run("umount", *(["--lazy"] if lazy else []), str(self.where), check=False)

    def detach(self) -> None:
        tool("losetup", "--detach", self._loop, check=False)

    def close(self) -> None:
        self.detach()
        self._image.unlink(missing_ok=True)
