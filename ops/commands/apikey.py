"""`./ops/apikey create|list|revoke`: the keys with which servers of yours call the API."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from ops.commands import options, serving
from ops.folder import DataFolder
from ops.setup.say import say

if TYPE_CHECKING:
    from appliance.accounts.keys import Key

REVOKED = """\
A revoked key is refused within five seconds. Tokens that were made with it live on to their end, an hour at most.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    if given.action == "create":
        return _create(folder, given)
    return _list(folder, given) if given.action == "list" else _revoke(folder, given)


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("apikey", "Keys with which servers of yours may call the API.", REVOKED)
    actions = made.add_subparsers(dest="action", required=True, metavar="create|list|revoke")
    create = _action(actions, "create", "make a key and print it on standard output, this once")
    create.add_argument("name", metavar="NAME", help="what it is for, to recognise it by")
    create.add_argument("--admin", action="store_true", help="it may also read /metrics")
    listing = _action(actions, "list", "show the keys there are, not what they are")
    listing.add_argument("--json", action="store_true", help="the same for a script")
    revoke = _action(actions, "revoke", "withdraw every key of a name")
    revoke.add_argument("name", metavar="NAME", help="as ./ops/apikey list shows it")
    revoke.add_argument("--yes", action="store_true", help="do it; without it is only said what would be done")
    return made.parse_args(arguments)


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    made = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
    made.add_argument("--data", metavar="DIR", default=None, help="the data folder")
    return made


def _create(folder: DataFolder, given: argparse.Namespace) -> int:
    async def key() -> str:
        from appliance.accounts import keys

        return await keys.create(given.name, given.admin)

    print(serving.ask(folder, key))
    return 0


def _list(folder: DataFolder, given: argparse.Namespace) -> int:
    async def keys() -> "list[Key]":
        from appliance.accounts import keys

        return await keys.listed()

    found = serving.ask(folder, keys)
    rows = [key._asdict() for key in found]
    print(json.dumps(rows, indent=1, default=lambda at: at.isoformat()) if given.json else _table(found))
    return 0


def _table(keys: "list[Key]") -> str:
    lines = [f"{'made':17} {'revoked':17} {'admin':6} name"]
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "-"
        lines.append(f"{key.created_at:%Y-%m-%d %H:%M}  {revoked:17} {'yes' if key.admin else '-':6} {key.name}")
    return "\n".join(lines)


def _revoke(folder: DataFolder, given: argparse.Namespace) -> int:
    async def revoked() -> int:
        from appliance.accounts import keys

        return await (keys.revoke(given.name) if given.yes else keys.good(given.name))

    count = serving.ask(folder, revoked)
    many = "1 key" if count == 1 else f"{count} keys"
    if not given.yes:
        say(f"{many} of the name {given.name!r} would be revoked; --yes does it.")
        return 1
    say(f"{many} of the name {given.name!r} revoked. {REVOKED.strip()}")
    return 0


if __name__ == "__main__":
    options.run(main)
