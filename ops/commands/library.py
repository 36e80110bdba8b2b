"""`./ops/library`: what a workflow would do to the videos of a folder, and having it done."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ops.commands import options, serving
from ops.libraries.names import printable
from ops.setup.say import say

if TYPE_CHECKING:
    from appliance.library.keeping import Keeping
    from appliance.library.workflow import Workflow
    from storage.endpoint import Endpoint

PLAN = """\
A workflow is JSON; ./ops/library schema prints what may stand in it, README.md shows one. Files are opened to read
them, in the sandbox, and nothing is written anywhere. What saves the most bytes for an hour of CPU time comes first.
As root all is read that root may read. No appliance has to run, unless a bucket of its own storage is to be planned.

Exit codes: 0 planned; 1 it can't be planned, and why; 2 wrong usage, or the file is no workflow, and why; 3 planned,
but folders or files could not be read, and which.
"""
RELEASE = """\
An original goes by itself in its time where what took its place is there as it was made. Where somebody has changed,
moved or removed that, it is kept until it is brought back (undo), or let go of here, for good. What is there under its
name now is not touched.

Exit codes: 0 done (or, without --yes, said what would be done); 1 not done, and said why; 2 wrong usage.
"""
CANNOT, WRONG, IN_PART = 1, 2, 3
MOST = 10_000
NAMED = {
    "scan": "have a library looked through now",
    "pause": "begin nothing new of a library; what is under way stands still until resume",
    "resume": "go on with it",
}


def main() -> int:
    given = parse(sys.argv[1:])
    return _DO[given.action](given)


EPILOG = """\
plan (of a folder) and schema need no running appliance; the others ask the one that runs. A workflow that says
"replace": {"allowed": true} has its files replaced; any other is looked through, and nothing is written.

Exit codes: 0 done; 1 not done, and said why; 2 wrong usage, or the file is no workflow; 3 (of plan) planned in part.
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("library", "Makes the videos of a folder or a bucket take less room.", EPILOG)
    actions = made.add_subparsers(dest="action", required=True, metavar="|".join(_DO))
    plan = _action(actions, "plan", "say what would be done to which file, why, and what that would save", PLAN)
    plan.add_argument("workflow", metavar="WORKFLOW", type=Path, help="the workflow, a JSON file")
    plan.add_argument(
        "--most",
        metavar="N",
        type=_count,
        default=MOST,
        help="files that are shown of each kind; totals are of all (default: 10000)",
    )
    plan.add_argument("--weak", action="store_true", help="also where the system gives the sandbox one layer only")
    plan.add_argument("--json", action="store_true", help="the same for a script, and nothing else")
    _action(actions, "schema", "print the JSON schema of workflows")
    run = _action(actions, "run", "give a workflow to the appliance, which goes on with it by itself from then on")
    run.add_argument("workflow", metavar="WORKFLOW", type=Path, help="the workflow, a JSON file")
    run.add_argument("--key-file", metavar="FILE", type=Path, help="of a bucket: its key, ACCESS:SECRET, to be kept")
    for name, text in NAMED.items():
        _action(actions, name, text).add_argument("name", metavar="NAME", help="of the library, as status shows it")
    undo = _action(actions, "undo", "bring originals back, bit for bit, as long as they are kept")
    undo.add_argument("name", metavar="NAME", help="of the library")
    which = undo.add_mutually_exclusive_group(required=True)
    which.add_argument("path", metavar="PATH", nargs="?", default="", help="a file, or a folder with all below it")
    which.add_argument("--all", action="store_true", help="all of the library")
    release = _action(actions, "release", "let go of originals whose new file was changed or taken away since", RELEASE)
    release.add_argument("name", metavar="LIBRARY", help="its name")
    release.add_argument("path", metavar="FILE", nargs="*", help="only these (all that are kept beyond their time)")
    release.add_argument("--yes", action="store_true", help="do it; without it is only said what would be done")
    status = _action(actions, "status", "show how all libraries stand")
    status.add_argument("--json", action="store_true", help="the same for a script")
    return made.parse_args(arguments)


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    made = actions.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=shape, allow_abbrev=False
    )
    made.add_argument("--data", metavar="DIR", help="the data folder")
    return made


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("it is a number from 1 to 1000000")
    return int(text)


def _plan(given: argparse.Namespace) -> int:
    # Here and not above: `--help` is answered before anything is installed.
    from ops.libraries import running, telling
    from processors.sandbox.errors import SandboxWeak

    workflow = _loaded(given.workflow)
    if workflow is None:
        return WRONG
    within = _within(given)
    try:
        with _keeping(given, workflow) as keeping:
            words = (workflow, keeping, given.most, given.weak, given.json, within)
            report = asyncio.run(running.planned(*words))
    except SandboxWeak as error:
        say(f"darkroom: {error}\n  → --weak works all the same")
        return CANNOT
    except OSError as error:
        say(f"darkroom: {workflow.source.where} can't be read: {error.strerror or error}")
        return CANNOT
    print(json.dumps(telling.data(workflow, report), indent=1) if given.json else telling.text(workflow, report))
    return IN_PART if report.unreadable else 0


@contextmanager
def _keeping(given: argparse.Namespace, workflow: "Workflow") -> "Iterator[Keeping]":
    """Of a workflow that lies anywhere; copies of objects go where programs have their passing files."""
    from appliance.library.keepings import Keepings

    with tempfile.TemporaryDirectory(prefix="darkroom-plan-") if workflow.source.bucket else nullcontext("") as scratch:
        yield Keepings(given.workflow.parent, Path(scratch), lambda: _own(given)).of(workflow)


def _own(given: argparse.Namespace) -> "Endpoint | None":
    """Where the storage of the appliance is that runs in this data folder, if one does."""
    from appliance.config import current

    try:
        serving.become("library", options.folder(given))
    except serving.CannotRun:
        return None
    return current().endpoint()


def _within(given: argparse.Namespace) -> float:
    """Seconds that the work on one file may take: by the appliance that runs, else by the environment of this."""
    from appliance.config import current
    from ops.libraries import asking

    if given.data is None:  # where no set-up went before, as for a package's own tests
        return current().library_seconds
    try:
        return asking.seconds_a_file(options.folder(given))
    except (serving.CannotRun, OSError):  # what runs there may be another account's
        return current().library_seconds


def _run(given: argparse.Namespace) -> int:
    from ops.libraries import asking

    workflow = _loaded(given.workflow)
    if workflow is None:
        return WRONG
    try:
        key = given.key_file.read_bytes() if given.key_file else None
        asking.run(options.folder(given), workflow, given.workflow.read_bytes(), key)
    except asking.NotTaken as error:
        say(f"darkroom: {error}")
        return CANNOT
    say(f"{workflow.name} has begun; ./ops/library status shows how far it is.")
    return 0


def _pause(given: argparse.Namespace) -> int:
    from ops.libraries import asking

    asking.pause(options.folder(given), given.name, given.action == "pause")
    return 0


def _scan(given: argparse.Namespace) -> int:
    from ops.libraries import asking

    asking.scan(options.folder(given), given.name)
    return 0


def _undo(given: argparse.Namespace) -> int:
    from ops.libraries import asking

    files, problems = asking.undo(options.folder(given), given.name, given.path)
    for problem in problems:
        say(f"darkroom: {printable(problem)}")
    if not files:
        say("darkroom: nothing is kept of that: it was not replaced, or its time is over")
    return CANNOT if problems or not files else 0


def _release(given: argparse.Namespace) -> int:
    from ops.libraries import asking, telling

    folder = options.folder(given)
    found = asking.releasable(folder, given.name, given.path)
    if not found:
        say("darkroom: no original is kept of that" if given.path else "darkroom: no original is kept beyond its time")
        return CANNOT
    if not given.yes:
        print(telling.releasable(found))
        return 0
    problems = asking.release(folder, given.name, found)
    for problem in problems:
        say(f"darkroom: {printable(problem)}")
    return CANNOT if problems else 0


def _status(given: argparse.Namespace) -> int:
    from ops.libraries import asking, standing

    found = asking.standings(options.folder(given))
    print(json.dumps(standing.data(found), indent=1) if given.json else standing.text(found))
    return 0


def _loaded(path: Path) -> "Workflow | None":
    """None, and said, where it is none."""
    from appliance.library import workflow

    try:
        return workflow.load(path)
    except OSError as error:
        say(f"darkroom: {path}: {error.strerror or error}")
    except workflow.Unfit as error:
        say(f"darkroom: {path}: {error}\n  → ./ops/library schema prints what a workflow may hold.")
    return None


def _schema(given: argparse.Namespace) -> int:
    from appliance.library import workflow
    from processors.brought import BadPlugin

    try:
        print(json.dumps(workflow.schema(), indent=1))
    except BadPlugin as error:
        say(f"darkroom: {error}")
        return CANNOT
    return 0


_DO: dict[str, Callable[[argparse.Namespace], int]] = {
    "plan": _plan,
    "run": _run,
    "scan": _scan,
    "pause": _pause,
    "resume": _pause,
    "undo": _undo,
    "release": _release,
    "status": _status,
    "schema": _schema,
}


if __name__ == "__main__":
    options.run(main)
