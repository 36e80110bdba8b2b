"""Whether parts of a host are well, asked there: `python -m ops.healthy HOST PART[=PID] …`. Containers are asked by it,
and hosts between the steps of an upgrade. Without a PID the part is the first process of a container.

It needs no more than the part has itself: the inventory, which is no secret, and the part's own variables.
Exit codes: 0 they are well; 1 one is not, and why; 2 there is no such part.
"""

import asyncio
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

import psutil

from ops import health, program, valkey
from ops.clusters import description, hosted, places, units
from ops.clusters.description import Cluster
from ops.credentials import Credentials
from ops.folder import DataFolder

NOT_KNOWN = "not known here"


def main() -> int:
    host, *named = sys.argv[1:]
    cluster, code = description.load(places.INVENTORY), 0
    for part, _, pid in (one.partition("=") for one in named):
        wrong = said(cluster, host, part, int(pid) if pid else first_process())
        if wrong is None:
            print(f"{host} has no part {part}")
            return 2
        print(f"{part}: {wrong}" if wrong else f"{part} is well")
        code |= bool(wrong)
    return code


def said(cluster: Cluster, host: str, part: str, pid: int) -> str | None:
    """What is wrong with `part` of this `host`, which has that `pid`; "" if nothing, None if there is no such part."""
    asked = check(cluster, host, part, units.variables((places.SETTINGS / f"{part}.env").read_text()))
    return asyncio.run(health.ask(asked, pid)) if asked else None


def check(cluster: Cluster, host: str, part: str, own: Mapping[str, str]) -> health.Check | None:
    """How `part` of `host` is asked, by the table, with what its variables `own` know; None if it is not there."""
    found = next((one for one in cluster.hosts if one.name == host), None)
    rows = hosted.parts(cluster, found, _credentials(own)) if found else []
    return next((row.health for row in rows if row.name == part), None)


def _credentials(own: Mapping[str, str]) -> Credentials:
    others = dict.fromkeys(("token", "storage_root", "uploader", "reader", "worker"), NOT_KNOWN)
    database = own.get(program.PASSWORD) or _password(own.get("DARKROOM_DATABASE_URL", ""))
    queue = _password(own.get("DARKROOM_VALKEY_URL", "")) or valkey.password(DataFolder(places.DATA))
    return Credentials(database=database, valkey=queue, **others)


def _password(url: str) -> str:
    return urlsplit(url).password or ""


def first_process() -> int:
    """The part's own process, in a container that has an init: the first that this started."""
    children = psutil.Process(1).children()
    return min(children, key=psutil.Process.create_time).pid if children else 1


if __name__ == "__main__":
    sys.exit(main())
