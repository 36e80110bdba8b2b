"""`./ops/retry`: what failed and why, and trying it again by reason."""

import argparse
import asyncio
import json
import sys
from typing import Any

from ops.commands import options
from ops.commands.serving import CannotRun, become
from ops.folder import DataFolder
from ops.setup.say import say

EPILOG = """\
Without --code or --all it shows what failed, by owner and reason, and changes nothing. What is tried again goes back
into the queue with all its tries; new uploads go before it. A file that never came can't be tried again: it has to be
uploaded.

Exit codes: 0 nothing failed, or all of it is tried again; 1 some failed or can't be tried again; 2 it could not run.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    try:
        result = asyncio.run(asked(given, options.folder(given)))
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(result, indent=1, default=str) if given.json else text(result))
    return 1 if result.get("failed") or result.get("without_file") else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("retry", "Processes again what failed, by reason.", EPILOG)
    whose = made.add_mutually_exclusive_group()
    whose.add_argument("--project", metavar="ID", help="only what is in this project")
    whose.add_argument("--user", metavar="ID", help="only what is this user's")
    which = made.add_mutually_exclusive_group()
    which.add_argument("--code", help="try again what failed for this reason")
    which.add_argument("--all", action="store_true", help="try again whatever failed")
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


async def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """The reasons, or what was tried again. Raises CannotRun."""
    become("retry", folder)
    from appliance.accounts.whose import Whose
    from appliance.errors import DomainError
    from ops import retrying
    from storage import layout

    named = {layout.PROJECTS: given.project, layout.USERS: given.user}
    owner = next((Whose(root, owner) for root, owner in named.items() if owner), None)
    try:
        if given.code or given.all:
            return await retrying.run(owner, given.code)
        return await retrying.show(owner)
    except DomainError as error:
        raise CannotRun(f"{error}\n  → ./ops/status shows which part is not well.") from error


def text(result: dict[str, Any]) -> str:
    if "reasons" in result:
        return _reasons(result["reasons"]) if result["failed"] else "Nothing failed."
    lines = [f"{code}: {count} tried again" for code, count in result["by_code"].items()]
    if result["without_file"]:
        lines.append(f"{result['without_file']} without a file: to be uploaded again")
    return "\n".join(lines) or "There was nothing to try again."


def _reasons(reasons: list[dict[str, Any]]) -> str:
    lines = [f"{'owner':32} {'reason':24} {'failed':>8} {'with file':>10}"]
    owners = [f"{r['root']}/{r['owner']}" for r in reasons]
    lines += [
        f"{owner:32} {r['code']:24} {r['failed']:>8} {r['with_file']:>10}"
        for owner, r in zip(owners, reasons, strict=True)
    ]
    return "\n".join([*lines, "./ops/retry --code REASON tries those again, ./ops/retry --all everything."])


if __name__ == "__main__":
    options.run(main, crashed=2)
