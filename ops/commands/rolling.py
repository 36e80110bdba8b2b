"""`./ops/cluster upgrade|expand|decommission`: what is done to storage hosts while they are in use."""

import argparse
import asyncio
import json
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.folder import DataFolder
from ops.setup.say import say

if TYPE_CHECKING:
    from ops.clusters.rolling import Rolling
    from ops.services import Plan
    from storage.pools import Pool, Pools

WHERE = """\
Type it as root on the host of ledger and queue. --via is how a command gets to another host: a command line in which
{address} and {host} stand for it; what is run there is systemctl, and cat of what was installed.
"""
UPGRADE = f"""\
Before it, on every host: the new checkout, and ./ops/host install with the folder that was rendered with it. Then this
restarts storage host by host: only while every node and drive is there and whole, and nothing is being healed; each
host has all it lacks before the next one's turn. Then everything else is restarted, host by host. At the first doubt it
stops and says what to do; typed again it goes on, and does again what it has done.

Nodes refuse others with another commit of the server, other settings or other pools. Where those have changed, all
nodes have to be restarted at once: --together, a few seconds in which requests wait and are tried again.

{WHERE}
Exit codes: 0 done (or, without --yes, said what would be done); 1 stopped at a doubt; 2 the options make no sense.
"""
EXPAND = f"""\
Before it: the new hosts are in the inventory with the next pool number, which has been rendered, and ./ops/host install
has been done on every host, new and old. A pool is added as a whole and has its own sets; what is stored stays where it
is, and new files go where more room is.

{WHERE}"""
DECOMMISSION = """\
Everything in the pool is moved to the others while they are in use; nothing new is put there. When that is complete,
take its hosts out of the inventory, render, install, and ./ops/cluster upgrade --together. Numbers are those of the
inventory, from 1 on. --cancel stops moving; what was moved stays where it is now.

Exit codes: 0 complete (or, without --yes, said what would be done); 1 failed, or the rest has no room; 2 wrong options.
"""


def add(actions: Any) -> None:
    upgrade = _action(actions, "upgrade", "restart hosts one by one, with what was installed", UPGRADE)
    upgrade.add_argument("--together", action="store_true", help="storage on all hosts at once")
    expand = _action(actions, "expand", "take a new pool of hosts into use", EXPAND)
    for one in (upgrade, expand):
        one.add_argument("--via", default="ssh root@{address}", metavar="COMMAND", help="default: ssh root@{address}")
        one.add_argument("--patience", type=float, default=900.0, metavar="SECONDS", help="for each host (default 900)")
    drain = _action(actions, "decommission", "move everything out of a pool", DECOMMISSION)
    drain.add_argument("pool", type=int, metavar="POOL", help="its number in the inventory")
    drain.add_argument("--status", action="store_true", help="show how far it is")
    drain.add_argument("--cancel", action="store_true", help="stop moving")
    drain.add_argument("--json", action="store_true", help="the status for a script")


def _action(actions: Any, name: str, text: str, epilog: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = actions.add_parser(
        name,
        help=text,
        description=text.capitalize() + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--data", help=argparse.SUPPRESS)
    made.add_argument("--yes", action="store_true", help="do it; without it is only said what would be done")
    return made


def run(given: argparse.Namespace) -> int:
    from ops.clusters.rolling import Doubt
    from storage.errors import StorageError

    folder = DataFolder(Path(given.data))
    if not folder.hosted():
        say("darkroom: this is not the host of ledger and queue of an appliance with several\n  → Type it there.")
        return 1
    try:
        return {"upgrade": upgrade, "expand": expand, "decommission": decommission}[given.action](given, folder)
    except (Doubt, StorageError) as reason:
        say(f"darkroom: {reason}")
        return 1


def upgrade(given: argparse.Namespace, folder: DataFolder) -> int:
    from ops.clusters import hosted

    made, plan = _rolling(given, folder)
    hosts = made.cluster.of_role("storage")
    # The host that this runs on comes last: with it ledger and queue are restarted.
    rest = sorted(made.cluster.hosts, key=lambda host: "database" in host.roles)
    if not given.yes:
        say(f"Would restart storage on {_names(hosts)}, {'all at once' if given.together else 'one after the other'};")
        say(f"then what else runs on {_names(rest)}. --yes does it.")
        return 0
    made.sure()
    made.settings(hosts, given.together)
    if given.together:
        made.together(hosts)
    else:
        made.storage(hosts)
    for host in rest:
        made.others(host, hosted.parts(made.cluster, host, plan.credentials))
    return 0


def expand(given: argparse.Namespace, folder: DataFolder) -> int:
    from ops.clusters.rolling import Doubt

    made, plan = _rolling(given, folder)
    there, wanted = len(_pools(plan).all()), len(made.cluster.pools())
    if wanted <= there:
        raise Doubt(f"the inventory has {wanted} pools, and storage has {there} already\n  → Add hosts with pool = 2.")
    new = [host for hosts in made.cluster.pools()[there:] for host in hosts]
    if not given.yes:
        say(f"Would take {_names(new)} into use: storage on all hosts is restarted at once. --yes does it.")
        return 0
    made.sure()
    made.settings(made.cluster.of_role("storage"), together=True)
    made.together(made.cluster.of_role("storage"))
    say(f"storage has {len(_pools(plan).all())} pools")
    return 0


def decommission(given: argparse.Namespace, folder: DataFolder) -> int:
    from ops import planning
    from ops.clusters import operating

    pools, numbers = _pools(planning.known(folder, {})), operating.cluster(folder).pool_numbers()
    one = numbered(pools.all(), numbers, given.pool)
    if given.cancel and given.yes:
        pools.cancel(one)
    elif given.yes and not given.status and not (one.drain and (one.drain.running or one.drain.complete)):
        pools.drain(one)
    elif not given.status and not given.yes:
        say(f"Would {'stop moving' if given.cancel else 'move everything'} out of pool {given.pool}. --yes does it.")
        return 0
    if given.status or given.cancel:
        one = numbered(pools.all(), numbers, given.pool)
        told = {"pool": given.pool, **asdict(one)}
        print(json.dumps(told, indent=1) if given.json else drained(one, given.pool))
        return 0
    return _watch(pools, numbers, given.pool)


def _watch(pools: "Pools", numbers: list[int], number: int) -> int:
    """Shows how far it is, until it has ended."""
    told = ""
    while True:
        one = numbered(pools.all(), numbers, number)
        if (now := drained(one, number)) != told:
            told = now
            say(told)
        if one.drain and not one.drain.running:
            return 0 if one.drain.complete and not one.drain.objects_failed else 1
        time.sleep(1)


def drained(one: "Pool", number: int) -> str:
    """How far it is, for people."""
    from ops.quantities import bytes_told

    if one.drain is None:
        return f"pool {number} is in use"
    drain = one.drain
    state = "complete" if drain.complete else "failed" if drain.failed else "stopped" if drain.cancelled else "moving"
    of = f" of {bytes_told(drain.total_bytes)}" if drain.total_bytes else ""
    done = f"{drain.objects:,} object versions, {bytes_told(drain.bytes)}{of}"
    failed = f", {drain.objects_failed:,} could not be moved" if drain.objects_failed else ""
    return f"pool {number}: {state}; moved {done}{failed}"


def numbered(pools: "list[Pool]", numbers: list[int], number: int) -> "Pool":
    """The pool that has `number` in the inventory, whose numbers are `numbers`. Raises Doubt."""
    from ops.clusters.rolling import Doubt

    if len(pools) < 2:
        raise Doubt("there is one pool only: what is in it has nowhere to go\n  → ./ops/cluster expand adds another.")
    known = dict(zip(numbers, pools, strict=False))  # those added last may not be in use yet
    if number not in known:
        raise Doubt(f"no pool {number} is in use; there are {', '.join(str(one) for one in known)}")
    return known[number]


def _pools(plan: "Plan") -> "Pools":
    from storage.pools import Pools

    access, _, secret = plan.credentials.storage_root.partition(":")
    return Pools(plan.services.storage_url, access, secret)


def _rolling(given: argparse.Namespace, folder: DataFolder) -> "tuple[Rolling, Plan]":
    from ops import planning
    from ops.clusters import operating
    from ops.clusters.rolling import Rolling, Way
    from storage.admin import Admin

    plan, cluster = planning.known(folder, {}), operating.cluster(folder)
    access, _, secret = plan.credentials.storage_root.partition(":")
    admin = Admin(plan.services.storage_url, access, secret)
    way = Way(given.via, plan.host)
    looked = partial(healing, plan.services.valkey_url)
    return Rolling(cluster, admin, way, say, looked, given.patience), plan


def healing(valkey_url: str, since: float) -> str:
    """What keeps storage from having been looked after since then, in a sentence; empty if nothing does."""
    from ops.caretaker import reading

    told = asyncio.run(reading.report(valkey_url))
    if told is None or told["at"] <= since:
        return "the caretaker has not looked at it yet"
    if settles := told.get("settles_at"):  # a caretaker of an earlier release, still at work, does not tell
        return f"nodes connect to it again, for {settles - told['at']:.0f} s more at most"
    under_way = told["round"]
    if under_way and under_way["kind"] == "heal":
        return f"it is being healed, {under_way['share']:.0%} done"
    return ""


def _names(hosts: Any) -> str:
    return ", ".join(host.name for host in hosts)
