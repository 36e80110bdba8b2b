"""`./ops/bench chat`: a full room, everybody listening while messages are said at a steady pace.

Starts an appliance of its own, on this machine and in a new folder, and a room whose members all listen through the
edge, each by a websocket, in processes beside it on the same cores. Each delivery of a message to a member is timed to
its receipt: from just before the request that says it, which the goal is held against, and from that request's answer.
Exit code: 0 when every goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from ops.benchmarks import command

if TYPE_CHECKING:
    from ops.benchmarks.appliance import Appliance
    from ops.benchmarks.listeners import Heard
    from ops.benchmarks.room import Said

MOST_P99 = 0.25  # seconds
PARTS = (0.5, 0.95, 0.99, 1.0)


def main(argv: list[str]) -> int:
    options = _parse(argv)
    # Only now, since --help is answered before anything is installed.
    import aiohttp
    import uvloop

    from ops.benchmarks import appliance

    places = {f"DARKROOM_LIVE_PER_{name}": str(max(500, options.members)) for name in ("PROJECT", "ADDRESS")}
    try:
        with appliance.running(places) as one:
            told = uvloop.run(_run(one, options))
    except (appliance.NotStarted, aiohttp.ClientError, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(told, indent=1) if options.json else _table(told))
    return 0 if all(reached for _, reached in _goals(told)) else 1


async def _run(one: "Appliance", options: argparse.Namespace) -> dict[str, Any]:
    import aiohttp

    from ops.benchmarks import appliance, room

    url, key = one.url(), one.verb("apikey", "create", "bench").strip()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        command.say(f"making a room of {options.members}")
        full = await room.opened(session, url, key, options.members)
        crowd = room.Crowd(full, url, options.processes, options.messages, options.reading)
        try:
            await crowd.join()
            command.say(f"{options.messages} messages, {options.a_minute} a minute")
            before, began = appliance.cpu_seconds(one.parts()), time.monotonic()
            speaker = room.Speaker(session, url, full, options.pictures)
            said = await speaker.pace(options.messages, options.a_minute)
            heard = await crowd.heard()
            after, seconds = appliance.cpu_seconds(one.parts()), time.monotonic() - began
        finally:
            await crowd.leave()
    cpu = {name: (after[name] - before.get(name, 0.0)) / seconds for name in after}
    cpu["listeners"] = sum(each.own_cpu for each in heard) / seconds
    return _figures(options, said, heard) | {"cores": cpu}


def _figures(options: argparse.Namespace, said: "list[Said]", heard: "list[Heard]") -> dict[str, Any]:
    """Seconds by the part of all deliveries that took as long at most, and what went wrong."""
    members = [member for each in heard for member in each.deliveries]
    came = [one for member in members for one in member]
    asked = sorted(at - said[number].asked for number, at in came)
    answered = sorted(at - said[number].answered for number, at in came)
    return {
        "members": len(members),
        "messages": len(said),
        "a_minute": options.a_minute,
        "expected": len(members) * len(said),
        "came": len(came),
        "twice": len(came) - sum(len({number for number, _ in member}) for member in members),
        "disordered": sum(each.disordered for each in heard),
        "from_request": [_quantile(asked, part) for part in PARTS],
        "from_answer": [_quantile(answered, part) for part in PARTS],
    }


def _quantile(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("inf")


def _goals(told: dict[str, Any]) -> list[tuple[str, bool]]:
    p99 = told["from_request"][PARTS.index(0.99)]
    return [
        (f"p99 at most {1000 * MOST_P99:.0f} ms from the request: {1000 * p99:.0f} ms", p99 <= MOST_P99),
        (
            f"all came, once, in order: {told['came']:,} of {told['expected']:,}, {told['twice']} twice, "
            f"{told['disordered']} out of order",
            told["came"] == told["expected"] and not told["twice"] and not told["disordered"],
        ),
    ]


def _table(told: dict[str, Any]) -> str:
    lines = [f"{told['messages']} messages, {told['a_minute']} a minute, to {told['members']} members", ""]
    lines.append(" " * 18 + "".join(f"{name:>9}" for name in ("p50", "p95", "p99", "max")))
    for words, name in (("from the request", "from_request"), ("from its answer", "from_answer")):
        lines.append(f"{words:<18}" + "".join(f"{1000 * value:>6.0f} ms" for value in told[name]))
    lines += ["", "cores in use"]
    lines += [f"  {name:<12}{used:>6.2f}" for name, used in sorted(told["cores"].items(), key=lambda one: -one[1])]
    lines.append("")
    lines += [f"{'reached' if reached else 'MISSED ':<8} {words}" for words, reached in _goals(told)]
    return "\n".join(lines)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench chat", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    many = command.positive
    parser.add_argument("--members", type=many, default=500, metavar="N", help="who listen (default 500)")
    parser.add_argument("--messages", type=many, default=200, metavar="N", help="that are said (default 200)")
    parser.add_argument("--a-minute", type=many, default=200, metavar="N", help="of them (default 200)")
    parser.add_argument("--pictures", type=many, default=0, metavar="N", help="every Nth has one (default none)")
    reading = "each says how far it has read every S to 2 S seconds, as the page does; 0: never (default 5)"
    parser.add_argument("--reading", type=float, default=5.0, metavar="S", help=reading)
    parser.add_argument("--processes", type=many, default=1, metavar="N", help="of listeners (default 1)")
    parser.add_argument("--json", action="store_true", help="seconds and cores, for a script")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; this one starts its own
    return parser.parse_args(argv)
