"""`./ops/settings list|get|set|unset|sync|rollback|history`: what can be changed while the appliance runs."""

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ops.commands import options, serving
from ops.commands.tenancy import action
from ops.folder import DataFolder

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from appliance.settings.layers import Author
    from appliance.settings.sync import Outcome

EPILOG = """\
A value is what was set here or by the API; else what settings.toml in the data folder says (`project_slots = 500`);
else what the environment said when the appliance was started (DARKROOM_PROJECT_SLOTS, also in .env); else the default.
A change is in force for all processes within a second or two. The file is read at the start, every day, and by sync.
Durations may be written as 90s, 1h30m or 2d, sizes as 4M, 7.3TB or 16TiB.

Exit codes: 0 done; 1 not done, and said why; 2 wrong usage.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    return _DO[given.action](folder, given)


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("settings", "What can be changed while the appliance runs.", EPILOG)
    actions = made.add_subparsers(dest="action", required=True, metavar="|".join(_DO))
    listing = action(actions, "list", "show every setting, its value and where from")
    get = action(actions, "get", "print the value of one setting")
    get.add_argument("key", metavar="KEY")
    get.add_argument("--default", metavar="VALUE", help="what to print where there is no such setting")
    change = action(actions, "set", "change a setting, for all processes at once")
    change.add_argument("key", metavar="KEY")
    change.add_argument("value", metavar="VALUE")
    unset = action(actions, "unset", "forget what was set: file, environment or default count again")
    unset.add_argument("key", metavar="KEY")
    sync = action(actions, "sync", "read settings.toml, and put in force what all say now")
    back = action(actions, "rollback", "take back a change")
    back.add_argument("change", metavar="ENTRY", type=int, nargs="?", help="of the history (default: the last change)")
    history = action(actions, "history", "show who changed what, the newest first")
    history.add_argument("--limit", type=int, default=50, metavar="N", help="entries at most (default: 50)")
    for one in (listing, get, change, unset, sync, back, history):
        one.add_argument("--json", action="store_true", help="the same for a script")
    return made.parse_args(arguments)


def _list(folder: DataFolder, given: argparse.Namespace) -> int:
    async def rows() -> list[dict[str, Any]]:
        from appliance.settings import service

        return await service.listed()

    found = serving.ask(folder, rows)
    print(_json(found) if given.json else table(found))
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """The settings for people; a value that is set and not in force yet has a star."""
    from appliance.settings.casts import written

    lines = [("setting", "value", "from", "may be", "what it changes")]
    for row in rows:
        value = written(row["value"]) or '""'
        lines.append((row["key"], value + "*" * row["pending"], row["from"], row["bounds"], row["changes"]))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join("  ".join([*map(str.ljust, line, widths), line[4]]) for line in lines)


def _get(folder: DataFolder, given: argparse.Namespace) -> int:
    async def row() -> dict[str, Any] | None:
        from appliance.settings import service
        from appliance.settings.declared import UnknownSetting

        try:
            return await service.one(given.key)
        except UnknownSetting:
            if given.default is None:
                raise
            return None

    from appliance.settings.casts import written

    found = serving.ask(folder, row)
    if given.json:
        print(_json(found or {"key": given.key, "value": given.default}))
    else:
        print(given.default if found is None else written(found["value"]))
    return 0


def _set(folder: DataFolder, given: argparse.Namespace) -> int:
    async def change(redis: "Redis", by: "Author") -> "Outcome":
        from appliance.settings import service

        return await service.change(redis, given.key, given.value, by)

    return _told(_changed(folder, change), given)


def _unset(folder: DataFolder, given: argparse.Namespace) -> int:
    async def reset(redis: "Redis", by: "Author") -> "Outcome":
        from appliance.settings import service

        return await service.reset(redis, given.key, by)

    return _told(_changed(folder, reset), given)


def _sync(folder: DataFolder, given: argparse.Namespace) -> int:
    async def sync(redis: "Redis", by: "Author") -> "Outcome":
        from appliance.config import current
        from appliance.settings import service

        return await service.sync_now(redis, current(), by)

    return _told(_changed(folder, sync), given)


def _rollback(folder: DataFolder, given: argparse.Namespace) -> int:
    async def back(redis: "Redis", by: "Author") -> "Outcome":
        from appliance.settings import service

        return (await service.rollback(redis, given.change, by))[1]

    return _told(_changed(folder, back), given)


def _changed(folder: DataFolder, change: "Callable[[Redis, Author], Awaitable[Outcome]]") -> "Outcome":
    async def connected() -> "Outcome":
        from appliance.config import current
        from appliance.logs import set_up
        from appliance.settings.layers import Author
        from appliance.valkey import quick

        set_up("text", "error")  # what a sync logs is for the logs of parts; here its outcome is printed
        async with quick(current().valkey_url) as redis:
            return await change(redis, Author(serving.who(), "command"))

    return serving.ask(folder, connected)


def _told(done: "Outcome", given: argparse.Namespace) -> int:
    if given.json:
        print(_json(done._asdict()))
    else:
        print(f"In force as set {done.generation}: {', '.join(done.changed) or 'nothing is different'}.")
    return 0


def _history(folder: DataFolder, given: argparse.Namespace) -> int:
    async def entries() -> list[dict[str, Any]]:
        from appliance.settings import service

        return await service.history(max(1, given.limit))

    found = serving.ask(folder, entries)
    print(_json(found) if given.json else "\n".join(map(_entry, found)))
    return 0


def _entry(entry: dict[str, Any]) -> str:
    said = f"{entry['id']:6}  {entry['at']:%Y-%m-%d %H:%M:%S}  {entry['who']} ({entry['via']})  {entry['action']}"
    if entry["key"] is None:
        return f"{said} {entry['generation']}" + (f": {entry['note']}" if entry["note"] else "")
    secret = entry["old"] is None and entry["new"] is None
    values = "" if secret else f": {_word(entry['old'])} → {_word(entry['new'])}"
    back = f" (takes back {entry['undoes']})" if entry["undoes"] else ""
    return f"{said} {entry['key']} in the {entry['layer']}{values}{back}"


def _word(text: str | None) -> str:
    return "nothing" if text is None else json.dumps(text, ensure_ascii=False)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, default=lambda at: at.isoformat())


_DO: dict[str, Callable[[DataFolder, argparse.Namespace], int]] = {
    "list": _list,
    "get": _get,
    "set": _set,
    "unset": _unset,
    "sync": _sync,
    "rollback": _rollback,
    "history": _history,
}


if __name__ == "__main__":
    options.run(main)
