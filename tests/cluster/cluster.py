"""An appliance on several hosts of the tests, made by the commands that an operator types and run by its own units."""

import json
import os
import ssl
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster import systemctl
from tests.cluster.machine import Disk, Machine, Network, tool
from tests.cluster.systemctl import Answering
from tests.cluster.units import Services
from tests.stack import CHECKOUT

DRIVES = Path("/srv/darkroom/drives")
EDGE, S3 = 8443, 9443
FILMS, WORKFLOWS = Path("/srv/films"), "workflows"
"""The library of each host that has one, and where its workflows are: in a folder beside the inventory."""


class Cluster:
    """Hosts `a`, `b`, … by their roles, each with `drives` drives if it stores."""

    def __init__(self, folder: Path, roles: Mapping[str, list[str]], drives: int = 2, **settings: str) -> None:
        self.folder, self.settings, self._drives = folder, settings, drives
        self._key = ""
        self._wanted = dict(roles)
        self.machines: dict[str, Machine] = {}
        self.disks: dict[str, list[Disk]] = {}
        self.services: dict[str, Services] = {}
        self.roles: dict[str, list[str]] = {}
        self.pools: dict[str, int] = {}
        self.network: Network | None = None
        self._answering: dict[str, Answering] = {}
        self._retired: list[Disk] = []
        self._gone: list[tuple[Machine, Services]] = []

    def build(self) -> None:
        """The network and the hosts, with nothing on them yet."""
        self.network = Network()
        tool("mount", "-t", "tmpfs", "tmpfs", str(self.folder))
        for name, own in self._wanted.items():
            self.add(name, own)

    def add(self, name: str, roles: list[str], pool: int = 1, drives: int = 0) -> Machine:
        holders = self.folder / "holders"
        holders.mkdir(exist_ok=True)
        (self.folder / name / "upper").mkdir(parents=True)
        systemctl.put(self.folder / name / "upper")
        machine = Machine(name, len(self.machines) + 1, self.folder / name)
        (holders / name).write_text(str(machine.pid))
        self.machines[name], self.roles[name], self.pools[name] = machine, roles, pool
        count = (drives or self._drives) if "storage" in roles else 0
        self.disks[name] = [
            Disk(machine, self.folder / f"{name}{number}.img", str(uuid.uuid4()), DRIVES / str(number))
            for number in range(1, count + 1)
        ]
        return machine

    def retire(self, name: str) -> None:
        """The host stores no more; one that has nothing else to do is left out of the inventory."""
        self.roles[name] = [role for role in self.roles[name] if role != "storage"]
        self._retired += self.disks.pop(name)
        self.disks[name] = []
        if not self.roles[name]:
            self._answering.pop(name).close()
            self._gone.append((self.machines.pop(name), self.services.pop(name)))

    @property
    def inventory(self) -> Path:
        return self.folder / "cluster.toml"

    @property
    def edges(self) -> list[str]:
        return [f"https://{self.machines[name].address}:{EDGE}" for name, own in self.roles.items() if "edge" in own]

    @property
    def s3_urls(self) -> list[str]:
        return [f"{edge.rpartition(':')[0]}:{S3}" for edge in self.edges]

    def write(self) -> None:
        lines = [f"urls = {json.dumps(self.edges)}", f"s3_urls = {json.dumps(self.s3_urls)}", "[settings]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in self.settings.items()]
        for name, machine in self.machines.items():
            lines += [f"[hosts.{name}]", f'address = "{machine.address}"', f"roles = {json.dumps(self.roles[name])}"]
            lines += ["workers = 1", f"pool = {self.pools[name]}"]
            lines.append(f"drives = {json.dumps([disk.uuid for disk in self.disks[name]])}")
            if "library" in self.roles[name]:
                lines += [f'libraries = ["{FILMS}"]', f'workflows = "{WORKFLOWS}"']
        self.inventory.write_text("\n".join(lines) + "\n")

    def render(self, *options: str) -> str:
        """`./ops/cluster render`, as it is typed; what it said."""
        self.write()
        return verb("cluster", "render", str(self.inventory), "--out", str(self.folder / "out"), *options)

    def install(self, *names: str) -> None:
        """`./ops/host install` on each host, from its folder, which somebody has copied there."""
        for name in names or self.machines:
            machine = self.machines[name]
            machine.run("rm", "-rf", "/root/rendered")
            copied = subprocess.Popen(
                machine.inside("tar", "-xC", "/root"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
            packed = subprocess.run(
                ["tar", "-C", str(self.folder / "out"), "--transform", f"s/^{name}/rendered/", "-c", name],
                capture_output=True,
                check=True,
            )
            copied.communicate(packed.stdout)
            assert copied.returncode == 0
            machine.run(str(CHECKOUT / "ops/host"), "install", "/root/rendered")
            if name in self._answering:
                self._answering.pop(name).close()
            running = self.services.get(name)
            self.services[name] = Services(machine, running)
            self._answering[name] = Answering(self.services[name])

    def mount(self, *names: str) -> None:
        """The drives of each host, with the options that its mount units say."""
        for name in names or self.machines:
            for disk in self.disks[name]:
                path = Path(f"/etc/systemd/system/srv-darkroom-drives-{disk.where.name}.mount")
                unit = self.machines[name].read(path)
                lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and line[0] not in "#[")
                assert lines["What"] == f"/dev/disk/by-uuid/{disk.uuid}"
                assert lines["Where"] == str(disk.where)
                disk.mount(lines["Options"].replace(",nofail", ""))

    def start(self, *names: str) -> None:
        for name in names or self.machines:
            self.services[name].start()

    def up(self) -> None:
        """From nothing to all parts well."""
        self.build()
        self.render()
        self.install()
        self.mount()
        self.start()
        self.wait_ready()

    def wait_ready(self, seconds: float = 120) -> None:
        limit = time.monotonic() + seconds
        for edge in self.edges:
            while (said := self.ready(edge)) != "ok":
                assert time.monotonic() < limit, f"{edge}: {said}\n{self.last_words()}"
                time.sleep(0.2)

    def ready(self, edge: str) -> str:
        try:
            with urllib.request.urlopen(f"{edge}/readyz", timeout=5, context=self.trust()) as answer:
                return str(json.load(answer)["status"])
        except (OSError, ValueError) as error:
            return str(error)

    def trust(self) -> ssl.SSLContext:
        """Trusts the appliance's own authority, while it is replaced both, and nothing else."""
        return ssl.create_default_context(cafile=str(self.authority))

    @property
    def authority(self) -> Path:
        """What people are given whom no other authority vouches to for the public addresses."""
        return self.folder / "out/a/files/etc/darkroom/tls/ca.crt"

    @property
    def database(self) -> Machine:
        return next(self.machines[name] for name, own in self.roles.items() if "database" in own)

    def ops(self, verb: str, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """A verb as an operator types it, on the host of ledger and queue."""
        return self.database.run(str(CHECKOUT / "ops" / verb), *arguments, check=check)

    def key(self) -> str:
        """A server key."""
        if not self._key:
            self._key = self.ops("apikey", "create", "tests", "--admin").stdout.strip()
        return self._key

    def said(self, part: str) -> str:
        """The last of what `part` logged on the host of ledger and queue."""
        return self.services[self.database.name][part].log.read_text(errors="replace")[-3000:]

    def last_words(self) -> str:
        said = []
        for name, services in self.services.items():
            for part, unit in services.units.items():
                tail = unit.log.read_text(errors="replace")[-600:] if unit.log.exists() else "never started"
                said.append(f"── {name} {part}\n{tail}")
        return "\n".join(said)

    def close(self) -> None:
        for answering in self._answering.values():
            answering.close()
        for services in (*self.services.values(), *(one for _, one in self._gone)):
            services.kill()
        for machine in (*self.machines.values(), *(one for one, _ in self._gone)):
            machine.close()
        for disk in (*self._retired, *(one for disks in self.disks.values() for one in disks)):
            disk.close()
        if self.network:
            self.network.close()
        for _ in range(50):
            if not subprocess.run(["umount", str(self.folder)], capture_output=True).returncode:
                return
            time.sleep(0.1)
        tool("umount", "--lazy", str(self.folder))


def verb(name: str, *arguments: str, code: int = 0) -> str:
    """Runs `./ops/NAME` of the checkout on the machine of the tests; what it printed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
    command = [str(CHECKOUT / "ops" / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=own)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def answer(context: ssl.SSLContext, request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=20, context=context) as found:
        return json.load(found)
