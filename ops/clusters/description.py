"""The inventory of an appliance on several hosts: a TOML file that says which there are, and what each is for."""

import ipaddress
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops import addresses, variables
from ops.clusters import places
from ops.disks import mounting
from storage import topology
from storage.topology import Impossible, Layout

ROLES = ("storage", "database", "api", "worker", "edge", "library")
OPTIONAL = {"library"}
PORTS = {"storage": 9000, "gateway": 9001, "api": 9002, "postgres": 9003, "valkey": 9004}
NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,62}")
FOUND_OUT = {*variables.OURS, "DATA", "HOST", "UPGRADE", "LIBRARY"}
"""Settings that are not for the inventory to give: each host has them from what it is for."""
COVERED = ("/home", "/root", "/run/user", "/tmp", "/var/tmp", "/dev", "/proc", "/sys")
"""What the walls around a unit hide or replace."""


class BadInventory(ValueError):
    """The file does not describe an appliance. The message says what is wrong, and where."""


@dataclass(frozen=True)
class Drive:
    """One drive, by the UUID of its file system, or by its own serial number."""

    name: str

    @property
    def is_uuid(self) -> bool:
        return UUID.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    """Under which the other hosts reach it."""
    roles: frozenset[str]
    drives: tuple[Drive, ...] = ()
    pool: int = 1
    """Hosts of one number form a pool of storage: the first ones 1, those added later 2, and so on."""
    workers: int = 0
    """Worker processes for photos; 0: two."""
    libraries: tuple[str, ...] = ()
    """Folders of videos, with all below them, that its worker of libraries may write to."""
    workflows: str = ""
    """Where the workflows of these are, and of buckets, with their keys: a folder beside the inventory."""


@dataclass(frozen=True)
class Cluster:
    hosts: tuple[Host, ...]
    urls: tuple[str, ...]
    """The public addresses, as ./ops/up --url takes them."""
    origins: tuple[str, ...] = ()
    s3_urls: tuple[str, ...] = ()
    """Where other programs reach S3, on every edge; none: nowhere."""
    parity: int | None = None
    versions_parity: int | None = None
    ports: Mapping[str, int] = field(default_factory=lambda: dict(PORTS))
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables for every part, by their names without DARKROOM_."""
    text: str = ""
    """The file itself."""
    beside: Path | None = None
    """The folder that the file is in."""

    def of_role(self, role: str) -> list[Host]:
        return [host for host in self.hosts if role in host.roles]

    def pools(self) -> list[list[Host]]:
        """The hosts that store, by pools, in the order of their numbers."""
        storing = self.of_role("storage")
        return [[host for host in storing if host.pool == number] for number in self.pool_numbers()]

    def pool_numbers(self) -> list[int]:
        """In the order in which the server has the pools; numbers of those that are gone are missing."""
        return sorted({host.pool for host in self.of_role("storage")})

    def layouts(self) -> list[Layout]:
        """Of each pool; the server has one parity for all of them, that of the first. Raises Impossible."""
        found: list[Layout] = []
        parity, reduced = self.parity, self.versions_parity
        for hosts in self.pools():
            try:
                found.append(topology.laid_out(len(hosts), len(hosts[0].drives), parity, reduced))
            except Impossible as error:
                raise Impossible(f"pool {hosts[0].pool}: {error}") from error
            parity, reduced = found[0].parity, found[0].reduced
        return found


def load(path: Path) -> Cluster:
    """What the file describes. Raises BadInventory."""
    try:
        return parse(path.read_text(), path.parent)
    except OSError as error:
        raise BadInventory(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInventory(f"{path} is not a text in UTF-8") from error


def parse(text: str, beside: Path | None = None) -> Cluster:
    """The cluster that `text`, a file in the folder `beside`, describes. Raises BadInventory."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInventory(f"not TOML: {error}") from error
    _only(given, {"urls", "origins", "s3_urls", "parity", "versions_parity", "ports", "settings", "hosts"}, "the file")
    try:
        hosts = tuple(_host(name, row) for name, row in _table(given, "hosts").items())
        cluster = Cluster(
            hosts=hosts,
            urls=tuple(addresses.base(url) for url in _texts(given, "urls", "the file")),
            origins=tuple(addresses.base(origin) for origin in _texts(given, "origins", "the file")),
            s3_urls=tuple(addresses.base(url) for url in _texts(given, "s3_urls", "the file")),
            parity=_number(given, "parity", "the file", 1, 16),
            versions_parity=_number(given, "versions_parity", "the file", 1, 16),
            ports=PORTS | {name: _port(name, port) for name, port in _table(given, "ports").items()},
            settings={name: _setting(name, value) for name, value in _table(given, "settings").items()},
            text=text,
            beside=beside,
        )
        _check(cluster)
    except (addresses.BadAddress, Impossible) as error:
        raise BadInventory(str(error)) from error
    return cluster


def _host(name: str, row: Any) -> Host:
    where = f"host {name}"
    if not NAME.fullmatch(name) or name == "secret":
        raise BadInventory(f"{name!r} is no name for a host: small letters, digits and -, 32 at most")
    if not isinstance(row, dict):
        raise BadInventory(f"{where}: write it as a table, [hosts.{name}]")
    _only(row, {"address", "roles", "drives", "pool", "workers", "libraries", "workflows"}, where)
    roles = _texts(row, "roles", where)
    if unknown := set(roles) - set(ROLES):
        raise BadInventory(f"{where}: there is no role {min(unknown)!r}; there are {', '.join(ROLES)}")
    if not roles:
        raise BadInventory(f"{where} has no roles: give it some of {', '.join(ROLES)}")
    return Host(
        name=name,
        address=_address(row.get("address"), where),
        roles=frozenset(roles),
        drives=tuple(_drive(drive, where) for drive in _texts(row, "drives", where)),
        pool=_number(row, "pool", where, 1, 99) or 1,
        workers=_number(row, "workers", where, 1, 256) or 0,
        libraries=tuple(_library(folder, where) for folder in _texts(row, "libraries", where)),
        workflows=_text(row, "workflows", where),
    )


def _check(cluster: Cluster) -> None:
    """What the hosts have to be together. Raises BadInventory or Impossible."""
    _all_different("address", [host.address for host in cluster.hosts])
    _all_different("drive", [drive.name for host in cluster.hosts for drive in host.drives])
    _all_different("port", [str(port) for port in cluster.ports.values()])
    for role in ROLES:
        if role not in OPTIONAL and not cluster.of_role(role):
            raise BadInventory(f"no host has the role {role!r}")
    if len(cluster.of_role("database")) > 1:
        raise BadInventory("one host has the role 'database': ledger and queue are in one place")
    for host in cluster.hosts:
        if bool(host.drives) != ("storage" in host.roles):
            raise BadInventory(f"host {host.name}: drives belong to the role 'storage', and it to drives")
        if bool(host.workflows) != ("library" in host.roles) or (host.libraries and not host.workflows):
            raise BadInventory(f"host {host.name}: the role 'library', libraries and workflows belong together")
        _all_different(f"host {host.name}: library", host.libraries)
    for hosts in cluster.pools():
        if len({len(host.drives) for host in hosts}) > 1:
            raise BadInventory(f"the hosts of pool {hosts[0].pool} must have equally many drives")
        if len(hosts) == 1 < len(cluster.of_role("storage")):
            raise BadInventory(f"pool {hosts[0].pool} has one host beside other pools: take two at least")
    if not cluster.urls:
        raise BadInventory("urls is missing: the addresses that people use, as https://photos.lan")
    for name, urls in (("urls", cluster.urls), ("s3_urls", cluster.s3_urls)):
        if len({url.split(":", 1)[0] for url in urls}) > 1:
            raise BadInventory(f"all {name} must be http:// or all https://: they share one port")
    cluster.layouts()


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(table) - known:
        raise BadInventory(f"{where}: {min(unknown)!r} is not known; there are {', '.join(sorted(known))}")


def _table(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = given.get(name, {})
    if not isinstance(table, dict):
        raise BadInventory(f"{name} must be a table, [{name}]")
    return table


def _texts(table: Mapping[str, Any], name: str, where: str) -> list[str]:
    values = table.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadInventory(f"{where}: {name} must be a list of texts")
    return values


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise BadInventory(f"{where}: {name} must be a text")
    return value


def _number(table: Mapping[str, Any], name: str, where: str, lowest: int, highest: int) -> int | None:
    value = table.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise BadInventory(f"{where}: {name} must be a number from {lowest} to {highest}")
    return value


def _port(name: str, port: Any) -> int:
    if name not in PORTS:
        raise BadInventory(f"ports: {name!r} is not known; there are {', '.join(PORTS)}")
    if not isinstance(port, int) or not 1024 <= port <= 65000:
        raise BadInventory(f"ports: {name} must be a number from 1024 to 65000")
    return port


def _setting(name: str, value: Any) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or name in FOUND_OUT:
        raise BadInventory(f"settings: {name} is not one to give here; write EVENTS_DAYS for DARKROOM_EVENTS_DAYS")
    if not isinstance(value, str | int | float) or "\n" in str(value):
        raise BadInventory(f"settings: {name} must be a text or a number")
    return str(value)


def _address(given: Any, where: str) -> str:
    try:
        address = ipaddress.ip_address(str(given))
    except ValueError:
        raise BadInventory(f"{where}: address must be its IP address in the network of the hosts") from None
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.version != 4:
        raise BadInventory(f"{where}: {address} is not an IPv4 address that other hosts can reach")
    return str(address)


def _drive(name: str, where: str) -> Drive:
    if not (UUID.fullmatch(name.lower()) or SERIAL.fullmatch(name)):
        raise BadInventory(
            f"{where}: {name!r} is neither the UUID of a file system nor a serial; see ./ops/drives list"
        )
    return Drive(name.lower() if UUID.fullmatch(name.lower()) else name)


def _library(folder: str, where: str) -> str:
    """The same folder, which the unit of a worker can be given."""
    try:
        mounting.escaped(folder)
    except ValueError:
        raise BadInventory(
            f"{where}: {folder!r} can't be a library: name an absolute path of letters, digits and . _ - : @ +"
        ) from None
    path = Path(folder)
    for covered in map(Path, COVERED):
        if covered == path or covered in path.parents:
            raise BadInventory(f"{where}: no worker sees what is in {covered}: mount {folder} elsewhere, as in /srv")
    for ours in (places.DATA, places.DRIVES, places.SETTINGS, places.CODE.parent):
        if ours == path or ours in path.parents or path in ours.parents:
            raise BadInventory(f"{where}: {folder} can't be a library: Darkroom has {ours} for itself")
    return folder


def _all_different(what: str, values: Sequence[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise BadInventory(f"{what} {value} is there twice")
