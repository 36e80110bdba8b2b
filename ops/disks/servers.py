"""Which storage server knows the state of the drives of this machine, and how it is asked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ops.clusters import places
from ops.commands.serving import CannotRun
from ops.folder import DataFolder
from storage.admin import Admin
from storage.health import Cluster, Drive

URL, ROOT = "DARKROOM_STORAGE_URL", "DARKROOM_STORAGE_ROOT"
NODE_SETTINGS = places.SETTINGS / "storage.env"
_SETTING = re.compile(r'(\w+)="(.*)"')


@dataclass(frozen=True, repr=False)
class Server:
    url: str
    access: str
    secret: str
    authority: Path | None = None
    """The certificates that vouch for it; None for those of the system."""
    host: str = ""
    """host:port of this machine among the nodes of a cluster; "" where it is the only one."""

    def cluster(self) -> Cluster:
        """Raises StorageUnavailable or StorageError."""
        return Admin(self.url, self.access, self.secret, authority=self.authority).cluster()

    def own(self, told: Cluster) -> list[Drive]:
        """The drives of this machine."""
        return [drive for drive in told.drives if self.host in ("", drive.node)]

    def drive(self, where: Path) -> tuple[Cluster, Drive | None]:
        """All, and the one of this machine that is at `where`. Raises StorageUnavailable or StorageError."""
        told = self.cluster()
        return told, next((drive for drive in self.own(told) if drive.path == str(where)), None)


def installed(data: DataFolder) -> bool:
    """Whether this machine is a host of a cluster, put up by ./ops/host."""
    return data.path == places.DATA and places.MANIFEST.exists()


def of_host() -> Server:
    """This host's own node. Raises CannotRun."""
    try:
        address = json.loads(places.MANIFEST.read_text())["address"]
        pools = json.loads(places.POOLS.read_text())["pools"]
        settings = dict(_SETTING.findall(NODE_SETTINGS.read_text()))
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}\n  → Only root on a host that stores can ask.") from None
    nodes = {urlsplit(endpoint).netloc for pool in pools for endpoint in pool["args"]}
    own = next((node for node in nodes if node.rpartition(":")[0] == address), "")
    access, secret = (re.sub(r"\\(.)", r"\1", settings[f"MINIO_ROOT_{name}"]) for name in ("USER", "PASSWORD"))
    return Server(f"https://{own}", access, secret, places.TLS / "ca.crt", own)


def of_appliance(data: DataFolder, environment: Mapping[str, str]) -> Server:
    """The one that runs in this data folder. Raises CannotRun."""
    from ops import planning

    if not (data.path.is_dir() and data.holder()):
        raise CannotRun(f"nothing is running in {data.path}, so the storage server can't be asked\n  → ./ops/up")
    try:
        plan = planning.known(data, environment)
    except planning.NotKnown as reason:
        raise CannotRun(str(reason)) from reason
    if "storage" not in plan.kinds:
        raise CannotRun(f"the storage of this appliance is elsewhere ({URL} is set)\n  → Ask there.")
    access, _, secret = plan.credentials.storage_root.partition(":")
    return Server(plan.services.storage_url, access, secret)


def of_environment(environment: Mapping[str, str]) -> Server:
    """The one that two variables name. Raises CannotRun."""
    url, root = environment.get(URL), environment.get(ROOT)
    if not url or not root:
        raise CannotRun(f"which storage server to ask is not known\n  → Set {URL} and {ROOT} (access:secret).")
    access, _, secret = root.partition(":")
    return Server(url, access, secret)
