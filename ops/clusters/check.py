"""Whether a host is as it was rendered, and whether what should run there is well."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.clusters import manifest as manifests
from ops.clusters import places
from ops.clusters.authority import days_left
from ops.clusters.description import Drive
from ops.clusters.install import HOST, live, owners
from ops.clusters.manifest import Manifest
from ops.disks import mounting, system

SOON_DAYS = 30.0
"""A certificate that runs out within so many days is told of."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `wrong` says what is, and is empty where nothing is."""

    what: str
    wrong: str = ""
    remedy: str = ""


AGAIN = "./ops/host install FOLDER puts it right."


def find(manifest: Manifest, root: Path) -> list[Finding]:
    """Everything that can be looked at: of an image its files, of the host itself also mounts and units."""
    found = [*_files(manifest, root), *_server(manifest, root), *_certificates(manifest, root)]
    if root == HOST:
        found += [*_mounts(manifest), *_units(manifest)]
    return found


def _files(manifest: Manifest, root: Path) -> Iterator[Finding]:
    uids = owners(root)
    wrong = [said for entry in manifest.files if (said := manifests.differs(root, entry, uids))]
    if not wrong:
        yield Finding(f"{len(manifest.files)} files as rendered")
    for said in wrong:
        yield Finding("files", said, AGAIN)


def _server(manifest: Manifest, root: Path) -> Iterator[Finding]:
    if manifest.server is None:
        return
    what = "storage server"
    path = root / (places.SERVERS / manifest.server["folder"] / "minio").relative_to("/")
    if not path.exists():
        yield Finding(what, f"{path} is missing", AGAIN)
    elif manifests.sha256(path) != manifest.server["sha256"]:
        yield Finding(what, f"{path} is another build than that of the other nodes", AGAIN)
    else:
        yield Finding(f"{what}: the build that was rendered for")


def _certificates(manifest: Manifest, root: Path) -> Iterator[Finding]:
    for entry in manifest.files:
        path = root / entry.path.relative_to("/")
        if entry.path.suffix not in (".crt", ".pem") or "key" in entry.path.name or not path.exists():
            continue
        left = days_left(path.read_bytes())
        remedy = "./ops/cluster render makes new ones in time; then ./ops/host install on each host."
        said = f"{entry.path} runs out in {left:.0f} days" if left < SOON_DAYS else ""
        yield Finding("" if said else f"{entry.path} is good for {left:.0f} days", said, remedy)


def _mounts(manifest: Manifest) -> Iterator[Finding]:
    for where, name in manifest.drives.items():
        mount = mounting.mounted_at(Path(where))
        if mount is None:
            yield Finding(where, f"{where} is not mounted", "./ops/drives list shows which drives are there.")
        elif Drive(name).is_uuid and not _is(mount.source, name):
            yield Finding(where, f"{where} is another file system than {name}", "./ops/drives list shows which it is.")
        else:
            yield Finding(f"{where} is mounted")


def _is(device: str, uuid: str) -> bool:
    return system.run("blkid", "-o", "value", "-s", "UUID", device, well=(0, 2)).strip() == uuid


def _units(manifest: Manifest) -> Iterator[Finding]:
    if not live(HOST):
        yield Finding("units: no systemd runs here, so they were not asked")
        return
    for unit in manifest.units:
        state = system.run("systemctl", "is-active", unit, well=range(256)).strip() or "unknown"
        said = "" if state == "active" else f"{unit} is {state}"
        yield Finding("" if said else f"{unit} is active", said, f"journalctl -u {unit} says why.")
