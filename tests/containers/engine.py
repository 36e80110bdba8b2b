"""Runs a compose file's services without an engine: each behind bubblewrap, in the network namespace of its host.

As an engine would have it: the image's file system read-only, volumes that begin as copies of what they are mounted on,
the files it is given, memory for scratch, a process space of its own with an init, the user, and no rights of root's.
Of its filter of system calls only what matters to the sandbox: no namespaces can be made. Not so: limits, names in DNS,
ports that are published. Needs root.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from processors.sandbox import kernel
from tests.cluster.machine import BRIDGE, PREFIX, tool
from tests.processors.restricted import instructions

UID = "10077"
IMAGE_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
OUTSIDE = {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


class Container:
    """One service, running since this was made."""

    def __init__(self, service: Mapping[str, Any], name: str, command: list[str], log: Path) -> None:
        self.service, self.name, self.log = service, name, log
        reads, writes = os.pipe()
        rules, at = _filter(), command.index("bwrap") + 1
        options = ["--info-fd", str(writes), "--seccomp", str(rules)]
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [*command[:at], *options, *command[at:]],
                env=OUTSIDE,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[writes, rules],
            )
        os.close(writes)
        os.close(rules)
        with os.fdopen(reads) as info:
            self._first = str(json.load(info)["child-pid"])

    def well(self) -> str:
        """What its own health check says against it, asked in there; "" when it is well, or has none."""
        if not self.service.get("healthcheck"):
            return ""
        command = ["nsenter", "--target", self._first, "--mount", "--pid", "--net", "--ipc", "--", *_become()]
        asked = [*command, *self.service["healthcheck"]["test"][1:]]
        done = subprocess.run(asked, env=_environment(), capture_output=True, text=True, timeout=60, cwd="/")
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Engine:
    """The services of `project`, as the loader gave it, in the image whose file system is `image`.

    `folder` holds the volumes: on another file system than the image, as an engine's are.
    """

    def __init__(self, project: Mapping[str, Any], image: Path, folder: Path) -> None:
        self.project, self.image, self.folder = project, image, folder
        self.running: dict[str, Container] = {}

    def up(self) -> None:
        """All services that no profile keeps back; those that hold a network are its namespace alone."""
        for name, service in self.project["services"].items():
            if service.get("networks"):
                _host(name, service["networks"]["hosts"]["ipv4_address"])
        for name, service in self.project["services"].items():
            if not service.get("networks") and not service.get("profiles"):
                self.running[name] = Container(service, name, self._command(service), self.folder / f"{name}.log")

    def run(self, name: str, *arguments: str) -> str:
        """`docker compose run --rm NAME ARG…`: what it said."""
        service = {**self.project["services"][name], "command": list(arguments)}
        done = subprocess.run(self._command(service), env=OUTSIDE, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait_well(self, seconds: float) -> None:
        """Until each is well that has a health check, and those that do their work once have done it.

        What has ended is started anew, as `restart` says.
        """
        limit, left = time.monotonic() + seconds, dict(self.running)
        while left:
            for name in list(left):
                if not (said := self._wrong(name)):
                    del left[name]
                assert time.monotonic() < limit, f"{name}: {said}\n{self.running[name].log.read_text()[-2000:]}"
            time.sleep(0.5)

    def _wrong(self, name: str) -> str:
        container = self.running[name]
        code, once = container.process.poll(), container.service["restart"] == "on-failure"
        if code is None:
            return "has not done its work" if once else container.well()
        if not (once and code == 0):
            self.running[name] = Container(container.service, name, self._command(container.service), container.log)
            return f"ended with {code}"
        return ""

    def close(self) -> None:
        for container in self.running.values():
            container.kill()

    def _command(self, service: Mapping[str, Any]) -> list[str]:
        host = service["network_mode"].removeprefix("service:")
        words = ["nsenter", f"--net=/run/netns/{PREFIX}{host}", "bwrap", "--die-with-parent", "--clearenv"]
        words += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--ro-bind", str(self.image), "/"]
        words += ["--proc", "/proc", "--dev", "/dev", "--ro-bind", "/sys", "/sys"]
        for volume in service.get("volumes") or []:
            words += ["--bind", str(self._mounted(volume)), volume["target"]]
        for scratch in service["tmpfs"]:
            words += self._scratch(*scratch.split(":", 1))
        for kind in ("secrets", "configs"):
            for entry in service.get(kind) or []:
                self._at(entry["target"]).parent.mkdir(parents=True, exist_ok=True)
                self._at(entry["target"]).touch()
                words += ["--ro-bind", self.project[kind][entry["source"]]["file"], entry["target"]]
        for name, value in _environment().items():
            words += ["--setenv", name, value]
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--"]
        return [*words, *_become(), *service["entrypoint"], *service["command"]]

    def _mounted(self, volume: Mapping[str, Any]) -> Path:
        """A folder of the machine is made where there is none, by root, as an engine does."""
        if volume["type"] == "volume":
            return self._volume(volume["source"], volume["target"])
        path = Path(volume["source"])
        path.mkdir(parents=True, exist_ok=True)
        self._at(volume["target"]).mkdir(parents=True, exist_ok=True)
        return path

    def _volume(self, name: str, target: str) -> Path:
        """Made as a copy of what the image has there: owner and mode are those of the account."""
        path = self.folder / "volumes" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", f"{self.image}{target}", str(path)], check=True)
        return path

    def _scratch(self, path: str, options: str) -> Sequence[str]:
        if "uid=" not in options:
            return ["--perms", "1777", "--tmpfs", path]
        where = self.folder / "scratch" / str(len(list(self.folder.glob("scratch/*"))))
        where.mkdir(mode=0o700, parents=True)
        shutil.chown(where, int(UID), int(UID))
        self._at(path).mkdir(parents=True, exist_ok=True)
        return ["--bind", str(where), path]

    def _at(self, path: str) -> Path:
        """In the image. What is mounted on has to be there; an engine makes it in the container's own layer."""
        return self.image / path.lstrip("/")


def _environment() -> dict[str, str]:
    """What the image's ENV says."""
    return {**IMAGE_ENVIRONMENT, "PYTHONPATH": "/opt/darkroom/code"}


def _become() -> list[str]:
    return ["setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "--inh-caps=-all", "--"]


def _filter() -> int:
    """A descriptor of the filter's program, as bubblewrap reads it."""
    handle = os.memfd_create("filter", 0)
    os.write(handle, b"".join(map(bytes, instructions(kernel.machine(), landlock_too=False))))
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _host(name: str, address: str) -> None:
    namespace = cable = f"{PREFIX}{name}"
    tool("ip", "netns", "add", namespace)
    tool("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    tool("ip", "link", "set", cable, "master", BRIDGE, "up")
    tool("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
    tool("ip", "-n", namespace, "link", "set", "eth0", "up")
    tool("ip", "-n", namespace, "link", "set", "lo", "up")
