"""From a data folder to the plan of what runs in it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ops import addresses, caddy, credentials, inventory, majors, ports, postgres, programs, services, strangers, valkey
from ops.clusters import operating
from ops.disks import record
from ops.folder import DataFolder
from ops.services import Plan
from ops.setup import preflight
from storage.server import build, locate

CODE = Path(__file__).resolve().parents[1]


class NotKnown(Exception):
    """What runs in a data folder can't be told from it and from the environment. Says why, and what to do next."""


def known(folder: DataFolder, environment: Mapping[str, str]) -> Plan:
    """The plan of an appliance that has been set up, from what its folder records; changes nothing. Raises NotKnown."""
    if folder.hosted():
        return operating.plan(folder)
    if elsewhere := _elsewhere(folder, environment):
        remedy = "Set it here, too, as it was set for ./ops/up; or POSTGRES_… or S3_BUCKET and AWS_…, as they were."
        raise NotKnown(f"{' and '.join(elsewhere)} must be set: those parts run elsewhere\n  → {remedy}")
    try:
        chosen = ports.recorded(folder, _names(environment))
        return _plan(folder, environment, chosen, locate.built(_cache(environment)))
    except KeyError:
        remedy = "Wait until ./ops/up says that all parts are well."
        raise NotKnown(f"the appliance has not been set up yet\n  → {remedy}") from None
    except credentials.DefaultPassword as error:
        raise NotKnown(f"{error}\n  → Give it as it was given to ./ops/up.") from error


def _elsewhere(folder: DataFolder, environment: Mapping[str, str]) -> list[str]:
    """The variables with addresses of parts that do not run here, and are not set."""
    here = [part["name"] for part in folder.read("state.json").get("parts", [])]
    return [services.EMBEDDED[part] for part in services.embedded(environment) if here and part not in here]


def fresh(folder: DataFolder, environment: Mapping[str, str], progress: Callable[[str], None]) -> Plan:
    """The plan for a start: programs found or built, ports free, database folder made. For the holder of the lock.

    Raises build.BuildFailed, locate.NotFound, credentials.DefaultPassword, subprocess.CalledProcessError.
    """
    embedded = services.embedded(environment)
    server = storage_server(environment, progress) if "storage" in embedded else locate.built(_cache(environment))
    plan = _plan(folder, environment, ports.assign(folder, _names(environment)), server)
    if "storage" in plan.kinds:
        record.check(folder, progress)
    if "postgres" in plan.kinds:
        majors.recover(folder)
        postgres.ensure(folder, plan.credentials.database)
        if told := majors.told(folder):
            progress(told)
    if "valkey" in plan.kinds:
        valkey.ensure(folder, plan.ports["valkey"], plan.credentials.valkey)
    caddy.ensure(plan, environment)
    return plan


def storage_server(environment: Mapping[str, str], progress: Callable[[str], None]) -> Path:
    """The storage server's binary: the one chosen or found, or else the pinned one."""
    cache = _cache(environment)
    return locate.find(cache) or pinned_server(cache, progress)


def pinned_server(cache: Path, progress: Callable[[str], None]) -> Path:
    """The binary of the pinned module, built the first time. Raises build.BuildFailed."""
    if (binary := locate.built(cache)).exists():
        return binary
    room = "Make room there, or choose another folder with DARKROOM_CACHE."
    if problem := preflight.disk(cache, build.NEEDED_BYTES, "building the storage server", room):
        raise build.BuildFailed(f"{problem.what}\n  → {problem.remedy}")
    progress("Building the storage server: once, two to four minutes")
    return build.build(cache, Counter(progress))


class Counter:
    """Turns the many lines of a build into one report every hundred of them."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._lines = 0

    def __call__(self, line: str) -> None:
        self._lines += 1
        if self._lines % 100 == 0:
            self._progress(f"  … {self._lines} of about 1600 steps, now {line}")


def _cache(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("DARKROOM_CACHE") or locate.default_cache())


def _names(environment: Mapping[str, str]) -> list[str]:
    return [*services.embedded(environment), "api"]


def _plan(folder: DataFolder, environment: Mapping[str, str], chosen: Mapping[str, int], server: Path) -> Plan:
    keys = credentials.load(folder, environment)
    elsewhere = set(services.EMBEDDED) - set(services.embedded(environment))
    return Plan(
        folder=folder,
        site=addresses.load(folder),
        ports=chosen,
        credentials=keys,
        services=services.find(environment, chosen, keys, strangers.abilities(folder)),
        programs=programs.here(folder, server),
        code=CODE,
        kinds=inventory.ON_ONE_MACHINE - elsewhere,
    )
