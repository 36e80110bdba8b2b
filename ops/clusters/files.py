"""All that one host needs, as files: what `render` writes and `./ops/host install` puts in place."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops import caddy, gateway, valkey, wires
from ops.clusters import firewall, hosted, operating, places, units
from ops.clusters.authority import Authority, Pair
from ops.clusters.description import Cluster, Host
from ops.clusters.libraries import Given
from ops.credentials import Credentials
from ops.disks import mounting
from ops.inventory import Part
from ops.services import Plan
from storage.server import locate, pools

ROOT, OURS = "root", "darkroom"
"""Owners: whoever may change a setting, and the account that everything runs as."""


@dataclass(frozen=True)
class File:
    path: Path
    """On the host."""
    content: bytes
    mode: int = 0o644
    owner: str = ROOT


@dataclass(frozen=True)
class Server:
    """The build of the storage server that all nodes run."""

    folder: str
    """Its folder in places.SERVERS."""
    sha256: str | None
    """None of an image: what is in that its own digest says."""

    @property
    def binary(self) -> Path:
        return places.SERVERS / self.folder / "minio"


@dataclass(frozen=True)
class Material:
    """What is made once for all hosts."""

    cluster: Cluster
    credentials: Credentials
    authority: Authority
    server: Server
    given: Pair | None = None
    """A certificate for the public addresses, where the own authority's is not wanted."""
    libraries: Mapping[str, Given] = field(default_factory=dict)
    """By host, as they are beside the inventory."""


def files(of: Material, host: Host) -> list[File]:
    """Everything for `host`, the manifest last. Raises BadValue or ValueError for what can't stand in a file."""
    plan = hosted.plan(of.cluster, host, of.credentials)
    parts = hosted.parts(of.cluster, host, of.credentials)
    made = [
        *_network(of, host, plan),
        *_settings(of, parts),
        *_certificates(of, host),
        *_node(of, host),
        *_libraries(of, host),
        *_units(of, host, parts),
        File(places.SETTINGS / "firewall.nft", firewall.text(of.cluster, host).encode()),
        File(places.INVENTORY, of.cluster.text.encode()),
    ]
    return [*made, File(places.MANIFEST, _manifest(of, host, parts, made), owner=ROOT)]


def _network(of: Material, host: Host, plan: Plan) -> Iterator[File]:
    folder, data = plan.folder, places.DATA
    drawn = wires.configuration(hosted.wires(of.cluster, host))
    yield _secret(data / wires.FOLDER / wires.FILE, drawn)
    if "gateway" in plan.kinds:
        text = gateway.configuration(folder, plan.ports["gateway"], hosted.nodes(of.cluster), places.TLS / "ca.crt")
        yield _secret(data / gateway.FOLDER / gateway.FILE, text)
    if "edge" in plan.kinds:
        yield _secret(folder.edge / caddy.FILE, caddy.configuration(plan, hosted.environment(of.cluster, host)))
    if "database" in host.roles:
        for name, text in operating.texts(of.cluster, host, of.credentials).items():
            yield _secret(data / name, text)
    if "valkey" in plan.kinds:
        text = valkey.configuration(folder, plan.ports["valkey"], of.credentials.valkey)
        yield _secret(folder.valkey / valkey.FILE, text)


def _settings(of: Material, parts: list[Part]) -> Iterator[File]:
    for part in parts:
        variables = dict(hosted.variables_of(of.cluster, part, of.credentials, of.server.binary))
        if part.name == "storage":
            variables["DARKROOM_ALIKE"] = str(alike(of, parts))
        yield _secret(places.SETTINGS / f"{part.name}.env", units.settings(variables))


def _certificates(of: Material, host: Host) -> Iterator[File]:
    own = of.authority.pair(host.name, [places.internal(host.name), host.address])
    yield File(places.TLS / "ca.crt", of.authority.trusted)
    yield File(places.TLS / "host.crt", own.certificate)
    yield _secret(places.TLS / "host.key", own.key)
    if "edge" in host.roles and hosted.plan(of.cluster, host, of.credentials).site.certificate:
        public = of.given or of.authority.pair("public", hosted.public_names(of.cluster))
        folder = places.DATA / "edge/tls"
        yield _secret(folder / "certificate.pem", public.certificate)
        yield _secret(folder / "key.pem", public.key)


def _node(of: Material, host: Host) -> Iterator[File]:
    if "storage" in host.roles:
        own = of.authority.pair(host.name, [places.internal(host.name), host.address])
        # The server opens it without changing its time of access, which only its owner may (O_NOATIME in open(2)).
        yield _secret(places.POOLS, pools.text(hosted.pools(of.cluster)))
        yield File(places.NODE / "public.crt", own.certificate)
        yield _secret(places.NODE / "private.key", own.key)
        yield File(places.NODE / "CAs/ca.crt", of.authority.trusted)


def _libraries(of: Material, host: Host) -> Iterator[File]:
    if given := of.libraries.get(host.name):
        yield from (File(places.LIBRARY / name, content) for name, content in given.workflows.items())
        yield from (_secret(places.LIBRARY / name, content) for name, content in given.keys.items())


def _units(of: Material, host: Host, parts: list[Part]) -> Iterator[File]:
    mounted = [places.drive(number) for number in range(1, len(host.drives) + 1)]
    for part in parts:
        yield File(places.UNITS / units.name(part), units.service(part, host.name, mounted, host.libraries).encode())
    yield File(places.UNITS / units.TARGET, units.target(parts).encode())
    for drive, where in zip(host.drives, mounted, strict=True):
        if drive.is_uuid:
            name, text = mounting.mount_unit(drive.name, str(where))
            yield File(places.UNITS / name, text.encode())


def _manifest(of: Material, host: Host, parts: list[Part], made: list[File]) -> bytes:
    told = {
        "host": host.name,
        "address": host.address,
        "parts": [part.name for part in parts],
        "drives": {str(places.drive(number)): drive.name for number, drive in enumerate(host.drives, 1)},
        "server": {"folder": of.server.folder, "sha256": of.server.sha256} if "storage" in host.roles else None,
        "alike": alike(of, parts),
        "files": [
            {"path": str(file.path), "mode": file.mode, "owner": file.owner, "sha256": _sha256(file.content)}
            for file in made
        ],
    }
    return json.dumps(told, indent=1).encode() + b"\n"


def alike(of: Material, parts: list[Part]) -> str | None:
    """What has to be the same on every storage node, as one hash: its settings, its pools, the server's commit."""
    for part in parts:
        if part.name == "storage":
            settings = {name: value for name, value in part.env.items() if name.startswith("MINIO_")}
            same = [settings, pools.text(hosted.pools(of.cluster)), locate.COMMIT]
            return _sha256(json.dumps(same, sort_keys=True).encode())
    return None


def _secret(path: Path, content: str | bytes) -> File:
    return File(path, content.encode() if isinstance(content, str) else content, 0o600, OURS)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
