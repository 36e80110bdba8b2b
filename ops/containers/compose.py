"""The compose file of an inventory (compose-spec.io): each part in a container of its own, run by its unit's command.

A host is a container that does nothing but hold a network: those of its parts are in there too, so that loopback is the
host's, as it is where systemd runs them. All files come from the folder that was rendered; none is in the image.
"""

import ipaddress
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops import health
from ops.clusters import hosted, places
from ops.clusters.description import Cluster, Host
from ops.clusters.files import File, Material, files
from ops.clusters.render import FILES
from ops.containers import needs
from ops.containers.image import DRIVES, UID
from ops.containers.texts import END, FOLDERS, HEAD, HOLDER, OPERATOR, SERVICE
from ops.inventory import Part

PYTHON = [str(places.VENV / "bin/python"), "-P", "-m"]
OUTWARDS = frozenset({"api", "edge"})
"""Roles whose hosts are in a network with a way out: browsers come by it, webhooks go by it."""


@dataclass(frozen=True)
class _Group:
    """A host, with what runs there and what was rendered for it."""

    host: Host
    parts: Sequence[Part]
    files: Sequence[File]
    outwards: bool
    """Whether it is in a network with a way out: by its roles, or since a library of it is in another S3."""

    @property
    def names(self) -> list[str]:
        return [part.name for part in self.parts] + ([needs.OPERATOR] if "database" in self.host.roles else [])

    def chosen(self, name: str) -> list[File]:
        """The files that the part of this name is given, or the operator."""
        wanted = list(needs.of(self.host, name).files)
        for part in self.parts:
            if part.name == name:
                wanted += [_variables(part), *([places.INVENTORY] if _asked(part) else [])]
        return [file for file in self.files if any(file.path == path or path in file.path.parents for path in wanted)]


def _variables(part: Part) -> Path:
    return places.SETTINGS / f"{part.name}.env"


def _asked(part: Part) -> bool:
    return part.health is not health.nothing


def text(of: Material, out: str) -> str:
    """The compose file that runs `of`, which was rendered into `out`: a folder, relative to the compose file.

    Raises ValueError for hosts that can't be containers.
    """
    network = _network(of.cluster)
    groups = [_group(of, host) for host in of.cluster.hosts]
    services = [service for group in groups for service in _services(of.cluster, group)]
    volumes = sorted(f"  {volume}: {{}}\n" for group in groups for volume in _volumes(group))
    secrets, configs = (_rendered(groups, out, kind) for kind in ("secrets", "configs"))
    end = END.format(network=network, volumes="".join(volumes), secrets=secrets, configs=configs)
    return HEAD + "".join(services) + end


def _group(of: Material, host: Host) -> _Group:
    library = of.libraries.get(host.name)
    outwards = bool(host.roles & OUTWARDS) or (library is not None and library.outwards)
    return _Group(host, hosted.parts(of.cluster, host, of.credentials), files(of, host), outwards)


def _network(cluster: Cluster) -> ipaddress.IPv4Network:
    """The one that all hosts are in. Raises ValueError for hosts that can't be containers of one machine."""
    found = ipaddress.IPv4Network(f"{cluster.hosts[0].address}/24", strict=False)
    for host in cluster.hosts:
        if ipaddress.IPv4Address(host.address) not in list(found.hosts())[1:]:
            raise ValueError(f"host {host.name}: {host.address} must be in {found}, and not its first address")
        if len(host.drives) > DRIVES:
            raise ValueError(f"host {host.name}: a container has {DRIVES} drives at most")
        if host.name == needs.OPERATOR:
            raise ValueError(f"host {host.name}: that is the name of the container of the verbs")
    _different(Path(folder) for host in cluster.hosts for folder in host.libraries)
    if len(cluster.of_role("edge")) > 1:
        raise ValueError("one host may have the role 'edge': it takes the port of the machine")
    return found


def _different(folders: Iterable[Path]) -> None:
    """Raises ValueError where one variable would stand for two folders."""
    named: dict[str, Path] = {}
    for folder in folders:
        other = named.setdefault(needs.variable(folder), folder)
        if other != folder:
            raise ValueError(f"{folder} and {other} would be one variable: let their names differ")


def _services(cluster: Cluster, group: _Group) -> Iterator[str]:
    host = group.host
    yield HOLDER.format(host=host.name, networks=_networks(group), ports=_ports(cluster, host))
    for part in group.parts:
        yield _part(group, part) + _given(group, part.name)
    if "database" in host.roles:
        entry = _flow([*PYTHON, "ops.containers.verb"])
        yield OPERATOR.format(host=host.name, entry=entry) + _given(group, needs.OPERATOR)


def _networks(group: _Group) -> str:
    own = f"      hosts: {{ipv4_address: {group.host.address}}}\n"
    return own + ("      outside: {}\n" if group.outwards else "")


def _ports(cluster: Cluster, host: Host) -> str:
    public = [port for name, port in hosted.listeners(cluster, host).items() if name in ("edge", "s3")]
    return f"    ports: {_flow([f'{port}:{port}' for port in public])}\n" if public else ""


def _part(group: _Group, part: Part) -> str:
    host = group.host.name
    body = SERVICE.format(
        host=host,
        part=part.name,
        entry=_flow([*PYTHON, "ops.containers.enter", str(_variables(part))]),
        command=_flow(part.argv),
        after="".join(f"      {host}-{other}: {{condition: service_started}}\n" for other in part.after),
        signal=part.stop.name,
        grace=f"{part.grace:.0f}s",
        restart="on-failure" if part.once else "always",
        limits=_limits(needs.limits(part)),
    )
    return body + (_healthcheck(host, part) if _asked(part) else "")


def _limits(limits: needs.Limits) -> str:
    cores = {"cpus": limits.cores} if limits.cores else {}
    allowed = _flow({"memory": limits.memory, "pids": limits.processes, **cores})
    shared = f"    shm_size: {limits.shared}\n" if limits.shared else ""
    weight = f"    cpu_shares: {limits.weight}\n" if limits.weight else ""
    return f"    deploy: {{resources: {{limits: {allowed}}}}}\n{shared}{weight}"


def _healthcheck(host: str, part: Part) -> str:
    test = ["CMD", *PYTHON, "ops.healthy", host, part.name]
    # Each asking is a process that takes 0.4 s of CPU.
    times = f"interval: 60s, timeout: 10s, retries: 3, start_period: {part.patience:.0f}s, start_interval: 10s"
    return f"    healthcheck: {{test: {_flow(test)}, {times}}}\n"


def _given(group: _Group, name: str) -> str:
    """The lines of files, volumes and folders in memory of a service."""
    wanted, lines = needs.of(group.host, name), []
    for kind in ("secrets", "configs"):
        chosen = [file.path for file in group.chosen(name) if _kind(file) == kind]
        entries = [f"      - {{source: {_name(group.host, path)}, target: {path}}}\n" for path in chosen]
        lines += [f"    {kind}:\n", *entries] if entries else []
    kept = [f"{group.host.name}-{volume}:{path}" for volume, path in wanted.volumes.items()]
    if wanted.folders:
        lines += ["    volumes:\n", *(f"      - {one}\n" for one in kept), FOLDERS, *map(_folder, wanted.folders)]
    elif kept:
        lines.append(f"    volumes: {_flow(kept)}\n")
    scratch = [f"{path}:mode=0700,uid={UID},gid={UID},size=16m" for path in wanted.scratch]
    return "".join([*lines, f"    tmpfs: {_flow(['/tmp:mode=1777,size=256m', *scratch])}\n"])


def _folder(path: Path) -> str:
    options = f'type: bind, source: "{needs.source(path)}", target: {_flow(str(path))}'
    return f"      - {{{options}, bind: {{create_host_path: true}}}}\n"


def _kind(file: File) -> str:
    return "secrets" if file.mode == 0o600 else "configs"


def _volumes(group: _Group) -> set[str]:
    return {f"{group.host.name}-{volume}" for name in group.names for volume in needs.of(group.host, name).volumes}


def _rendered(groups: Sequence[_Group], out: str, kind: str) -> str:
    """Where each of the files of this kind is that some service is given."""
    lines = []
    for group in groups:
        used = {file.path for name in group.names for file in group.chosen(name) if _kind(file) == kind}
        where = f"{out}/{group.host.name}/{FILES}"
        lines += [f"  {_name(group.host, path)}: {{file: {where}{path}}}\n" for path in sorted(used)]
    return "".join(lines)


def _name(host: Host, path: Path) -> str:
    """Of a file as a secret or a config; letters, digits and `.-_` are allowed."""
    return f"{host.name}{str(path).replace('/', '.')}"


def _flow(value: Any) -> str:
    """Of a list or an object, on one line: JSON is YAML. A dollar sign would begin a variable."""
    return json.dumps(value).replace("$", "$$")
