"""A host's rendered folder is put in place: on the host itself, or in an image of one."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ops import planning
from ops.clusters import manifest as manifests
from ops.clusters import places
from ops.clusters.description import Drive
from ops.clusters.manifest import Entry, Manifest
from ops.disks import guard, mounting, system
from ops.setup import account, environment, packages, place
from processors.office import libreoffice

CHECKOUT = Path(__file__).resolve().parents[2]
HOST = Path("/")
STUNNEL = packages.HOSTS[0]
STORAGE = "darkroom-storage.service"

Say = Callable[[str], None]


class NotInstalled(Exception):
    """The host is not as it should be. Says why, and what to do next."""


@dataclass(frozen=True)
class Job:
    """What is installed where."""

    folder: Path
    """Of the host, as rendered."""
    manifest: Manifest
    root: Path
    """The host's file system: `/`, or an image's."""
    cache: Path
    """Where the storage server is built, or was."""

    def at(self, path: Path) -> Path:
        return self.root / path.relative_to("/")


def steps(job: Job) -> list[tuple[str, Callable[[Say], None]]]:
    """What is done, in order. Each may be done again at any time, and finds its work done."""
    named: list[tuple[str, Callable[[Say], None] | None]] = [
        ("the account everything runs as", lambda say: make_account(job.root)),
        ("system packages", lambda say: install_packages(job)),
        ("the code", lambda say: place.refresh_copy(CHECKOUT, job.at(places.CODE))),
        ("its dependencies", lambda say: _dependencies(job)),
        ("the storage server", lambda say: install_server(job, say)) if job.manifest.server else ("", None),
        ("folders", lambda say: make_folders(job)),
        ("what an earlier rendering had besides", lambda say: remove_old(job, say)),
        ("settings, certificates and units", lambda say: put_files(job)),
        ("mounts of drives named by serial", lambda say: mount_by_serial(job, say)) if _serials(job) else ("", None),
        ("start at boot", lambda say: enable(job)),
    ]
    return [(name, step) for name, step in named if step]


def _serials(job: Job) -> bool:
    return not all(Drive(name).is_uuid for name in job.manifest.drives.values())


def make_account(root: Path) -> None:
    if root == HOST:
        account.ensure()
        return
    if ids(root) is None:
        system.run("useradd", "--prefix", str(root), *account.OPTIONS)


def install_packages(job: Job) -> None:
    """stunnel, where drives are mounted the tools of XFS, and for documents LibreOffice, which a host can do without.

    Into an image they have to be put by whoever makes it.
    """
    wanted = [STUNNEL, *([packages.POWER] if job.manifest.drives else [])]
    missing = [need for need in wanted if not need.present(job.root)]
    if missing and job.root != HOST:
        line = packages.command(missing, "debian").split(" && ")[-1]
        raise NotInstalled(
            f"{job.root} lacks {', '.join(need.debian for need in missing)}\n  → chroot {job.root} {line}"
        )
    if missing:
        packages.install(missing, "needed by this host")
    media = any(part.startswith("worker-media-") for part in job.manifest.parts)
    if media and job.root == HOST and not libreoffice.find():
        packages.try_to_install(list(packages.OFFICE), libreoffice.WITHOUT)


def _dependencies(job: Job) -> None:
    environment.ensure(job.at(places.CODE), job.at(places.VENV), place.ROOT_CACHE, dev=False)


def install_server(job: Job, say: Say) -> None:
    """The pinned build, made here once or copied from the cache; it has to be the one that the other nodes have."""
    server = job.manifest.server
    assert server is not None
    target = job.at(places.SERVERS) / server["folder"] / "minio"
    if not target.exists():
        built = planning.pinned_server(job.cache, say)
        if built.parent.name != server["folder"]:
            raise NotInstalled(
                f"this checkout's storage server is {built.parent.name}, the rendered one {server['folder']}"
                "\n  → Use the same release of Darkroom on every host, then render again."
            )
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = target.with_name("minio.new")
        shutil.copyfile(built, draft)
        draft.chmod(0o755)
        draft.replace(target)
    if manifests.sha256(target) != server["sha256"]:
        raise NotInstalled(
            f"{target} is not the build that was rendered for"
            "\n  → Copy that file from a host that has it: all nodes have to run the same."
        )


def make_folders(job: Job) -> None:
    found = ids(job.root)
    assert found is not None
    data = job.at(places.DATA)
    below = ("logs", "storage", "engines", "valkey", "edge", "gateway", "wires")
    for folder in (data, *(data / name for name in below)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(folder, *found)
    job.at(places.SETTINGS).mkdir(mode=0o755, parents=True, exist_ok=True)
    for where in job.manifest.drives:
        guard.close(job.at(Path(where)), firmly=job.root == HOST)


def remove_old(job: Job, say: Say) -> None:
    """Units and files that this host had and is not to have any more: parts that have gone elsewhere would go on."""
    try:
        before = installed(job.root)
    except NotInstalled:
        return
    kept = {entry.path for entry in job.manifest.files}
    gone = [entry.path for entry in before.files if entry.path not in kept]
    names = [path.name for path in gone if path.parent == places.UNITS and path.suffix != ".mount"]
    # A mount is left as it is, since its drive may be in use; and a storage node, since the others know it until they
    # are restarted: it would be away for them.
    if ended := [name for name in names if name != STORAGE]:
        systemctl(job.root, "disable", *(["--now"] if live(job.root) else []), *ended)
    if STORAGE in names:
        systemctl(job.root, "disable", STORAGE)
        say(f"  to be stopped once ./ops/cluster upgrade --together has ended: systemctl stop {STORAGE}")
    for path in gone:
        job.at(path).unlink(missing_ok=True)
        say(f"  no longer there: {path}")


def live(root: Path) -> bool:
    """Whether this is a running system of systemd's."""
    return root == HOST and Path("/run/systemd/system").exists()


def put_files(job: Job) -> None:
    uids = owners(job.root)
    manifest = Entry(places.MANIFEST, 0o644, "root", "")
    for entry in (*job.manifest.files, manifest):
        if entry is manifest or manifests.differs(job.root, entry, uids):
            manifests.put(job.root, job.folder, entry, uids)
            _own_parents(job, entry, uids)


def _own_parents(job: Job, entry: Entry, uids: Mapping[str, int]) -> None:
    """Folders made on the way to a file in the data folder are the account's, as the data folder is."""
    for parent in entry.path.parents:
        if places.DATA in parent.parents:
            os.chown(job.at(parent), uids["darkroom"], uids["darkroom group"])
            job.at(parent).chmod(0o700)


def mount_by_serial(job: Job, say: Say) -> None:
    """Writes the mount units of drives that the inventory names by serial: only the host knows their file systems."""
    for where, name in job.manifest.drives.items():
        if not Drive(name).is_uuid:
            uuid = uuid_of(name, system.run("lsblk", "--json", "--nodeps", "--output", "SERIAL,FSTYPE,UUID"))
            unit, text = mounting.mount_unit(uuid, where)
            (job.at(places.UNITS) / unit).write_text(text)
            say(f"  {where}: the drive {name} has the file system {uuid}")


def uuid_of(serial: str, listed: str) -> str:
    """The XFS on the drive with this serial number, of what lsblk said. Raises NotInstalled."""
    for device in json.loads(listed)["blockdevices"]:
        if device["serial"] == serial and device["fstype"] == "xfs":
            return str(device["uuid"])
    raise NotInstalled(
        f"there is no drive with the serial {serial} and an XFS on it\n  → ./ops/drives list shows what is there, "
        "./ops/drives prepare makes one ready."
    )


def enable(job: Job) -> None:
    """Links for the start of the machine; nothing is started."""
    systemctl(job.root, "enable", *job.manifest.units)


def systemctl(root: Path, verb: str, *names: str) -> None:
    """Runs it for the system itself, or offline for an image. Raises ToolFailed."""
    system.run("systemctl", *([] if root == HOST else ["--root", str(root)]), verb, *names)


def ids(root: Path) -> tuple[int, int] | None:
    """User and group of the account as the system below `root` numbers them; None where it has none."""
    try:
        lines = (root / "etc/passwd").read_text().splitlines()
    except OSError:
        return None
    rows = [line.split(":") for line in lines]
    return next(((int(row[2]), int(row[3])) for row in rows if row[0] == account.NAME), None)


def owners(root: Path) -> dict[str, int]:
    """The numbers of root and of the account, and of their groups. Raises NotInstalled."""
    found = ids(root)
    if found is None:
        raise NotInstalled(f"there is no user {account.NAME}\n  → ./ops/host install makes it.")
    return {"root": 0, "root group": 0, "darkroom": found[0], "darkroom group": found[1]}


def installed(root: Path) -> Manifest:
    """What was installed below `root`. Raises NotInstalled."""
    try:
        return manifests.read(root / places.MANIFEST.relative_to("/"))
    except manifests.NotRendered as error:
        raise NotInstalled(f"{error}\n  → ./ops/host install FOLDER, as ./ops/cluster render wrote it.") from error
