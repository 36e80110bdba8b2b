"""From the inventory to the plan of one host, which is that of a single machine but for what runs elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from ops import addresses, inventory, postgres, programs, valkey
from ops.addresses import Site
from ops.clusters import places
from ops.clusters.description import Cluster, Host
from ops.credentials import Credentials
from ops.folder import DataFolder
from ops.services import Plan, Services
from ops.wires import Wires
from storage.endpoint import Endpoint
from storage.server.command import Node
from storage.server.pools import Pool

OF_A_ROLE = {
    "storage": {"storage"},
    "database": {"postgres", "valkey", "ledger", "buckets", "caretaker", "backups"},
    "api": {"api", "intake", "webhooks"},
    "worker": {"worker"},
    "edge": {"edge", "room"},
    "library": {"backfill"},
}
FAR = 100
"""What is on port N of a host's loopback is reached by the others on port N + FAR of its address."""
BASICS = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(places.DATA), "PYTHONPATH": str(places.CODE)}
"""Every program of ours is started with these; HOME, since some look there for what they were not told."""


def plan(cluster: Cluster, host: Host, credentials: Credentials) -> Plan:
    """What runs on `host`, and how."""
    ports = cluster.ports
    return Plan(
        folder=DataFolder(places.DATA),
        site=site(cluster),
        ports=ports,
        credentials=credentials,
        services=Services(
            postgres.url(ports["postgres"], credentials.database),
            valkey.url(ports["valkey"], credentials.valkey),
            Endpoint(f"http://127.0.0.1:{ports['gateway']}"),
        ),
        programs=programs.installed(places.VENV / "bin/python"),
        code=places.CODE,
        kinds=kinds(host),
        host=host.name,
        node=_node(cluster, host),
        apis=tuple(f"127.0.0.1:{port}" for port in _apis(cluster, host).values()),
    )


def site(cluster: Cluster) -> Site:
    s3_port = addresses.port_of(cluster.s3_urls[0]) if cluster.s3_urls else 0
    made = Site(addresses.port_of(cluster.urls[0]), cluster.urls, cluster.origins, False, s3_port, cluster.s3_urls)
    return replace(made, certificate=made.certified)


def kinds(host: Host) -> frozenset[str]:
    """Of the parts that run there."""
    own = {kind for role in host.roles for kind in OF_A_ROLE[role]} | {"wires"}
    return frozenset(own if host.roles == {"storage"} else own | {"gateway"})


def environment(cluster: Cluster, host: Host) -> dict[str, str]:
    """What would be given to ./ops/up there."""
    given = {f"DARKROOM_{name}": value for name, value in cluster.settings.items()}
    workers = {"DARKROOM_IMAGE_WORKERS": str(host.workers)} if host.workers else {}
    return {"DARKROOM_IMAGE_WORKERS": "2", "DARKROOM_API_WORKERS": "2", **given, **workers, **BASICS}


def pools(cluster: Cluster) -> list[Pool]:
    """The drives of all storage nodes."""
    port = cluster.ports["storage"]
    return [
        Pool(
            [f"{host.address}:{port}" for host in hosts],
            [str(places.drive(number + 1)) for number in range(len(hosts[0].drives))],
            layout.set_drives,
        )
        for hosts, layout in zip(cluster.pools(), cluster.layouts(), strict=True)
    ]


def nodes(cluster: Cluster) -> list[str]:
    """host:port of every storage node."""
    return [address for pool in pools(cluster) for address in pool.hosts]


def _node(cluster: Cluster, host: Host) -> Node | None:
    if "storage" not in host.roles:
        return None
    return Node(host.address, cluster.ports["storage"], places.POOLS, places.NODE, cluster.layouts()[0])


def _apis(cluster: Cluster, host: Host) -> dict[str, int]:
    """By the host's name: the port on this host's loopback where each API is reached, the own one first."""
    here = cluster.ports["api"]
    there = [other for other in cluster.of_role("api") if other != host]
    own = {host.name: here} if "api" in host.roles else {}
    return own | {other.name: here + 2 * FAR + number for number, other in enumerate(there)}


def wires(cluster: Cluster, host: Host) -> Wires:
    """What leads from `host` to the others, and from them to it."""
    database = cluster.of_role("database")[0]
    takes: dict[str, tuple[str, int]] = {}
    leads: dict[str, tuple[int, str, str]] = {}
    for service in ("postgres", "valkey"):
        port = cluster.ports[service]
        if host == database:
            takes[service] = (f"{host.address}:{port + FAR}", port)
        else:
            leads[service] = (port, f"{database.address}:{port + FAR}", places.internal(database.name))
    if "api" in host.roles:
        takes["api"] = (f"{host.address}:{cluster.ports['api'] + FAR}", cluster.ports["api"])
    if "edge" in host.roles:
        for name, port in _apis(cluster, host).items():
            if name != host.name:
                other = next(one for one in cluster.hosts if one.name == name)
                far = f"{other.address}:{cluster.ports['api'] + FAR}"
                leads[f"api-{name}"] = (port, far, places.internal(name))
    tls = places.TLS
    return Wires(tls / "ca.crt", tls / "host.crt", tls / "host.key", takes, leads)


def listeners(cluster: Cluster, host: Host) -> dict[str, int]:
    """The ports on which `host` takes connections from others, by what for; the edge's is for everybody."""
    ports = {service: int(address.rpartition(":")[2]) for service, (address, _) in wires(cluster, host).takes.items()}
    if "storage" in host.roles:
        ports["storage"] = cluster.ports["storage"]
    if "edge" in host.roles:
        ports["edge"] = addresses.port_of(cluster.urls[0])
        if cluster.s3_urls:
            ports["s3"] = addresses.port_of(cluster.s3_urls[0])
    return ports


def public_names(cluster: Cluster) -> list[str]:
    """The hosts of the public addresses, for their certificate."""
    return [urlsplit(url).hostname or "" for url in (*cluster.urls, *cluster.s3_urls)]


def parts(cluster: Cluster, host: Host, credentials: Credentials) -> list[inventory.Part]:
    """The rows of the one table for `host`."""
    return inventory.parts(plan(cluster, host, credentials), environment(cluster, host))


def variables_of(cluster: Cluster, part: inventory.Part, credentials: Credentials, server: Path) -> Mapping[str, str]:
    """The whole environment of `part` on a host: its own, and what ops.program asks for."""
    own = {**part.env, **BASICS}
    if part.name == "postgres":
        return {**own, "DARKROOM_DATA": str(places.DATA), "DARKROOM_DATABASE_PASSWORD": credentials.database}
    if part.name == "buckets":
        told = " ".join(f"https://{node}" for node in nodes(cluster))
        return {**own, "DARKROOM_STORAGE_NODES": told, "DARKROOM_STORAGE_AUTHORITY": str(places.TLS / "ca.crt")}
    if part.name == "storage":
        return {**own, "DARKROOM_DATA": str(places.DATA), "DARKROOM_MINIO": str(server)}
    if part.name in ("valkey", "edge", "gateway"):
        return {**own, **part.env, "PATH": BASICS["PATH"], "DARKROOM_DATA": str(places.DATA)}
    if part.name.startswith(inventory.BACKFILL):
        return {**own, "DARKROOM_LIBRARY": str(places.LIBRARY)}
    return own if part.name != "wires" else dict(part.env)
