"""What every verb's command line has in common."""

import argparse
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from ops.folder import DataFolder
from ops.setup.say import say

RUNNING_HINT = "Start it with ./ops/up"


def parser(verb: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=f"./ops/{verb}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # `--dat X` would be taken for --data after the set-up has looked for that in vain: another folder's appliance.
        allow_abbrev=False,
    )
    made.add_argument(
        "--data", metavar="DIR", help="the data folder (default: $DARKROOM_DATA, else var/ in the checkout)"
    )
    return made


def folder(arguments: argparse.Namespace) -> DataFolder:
    # The set-up has made it absolute, and put it where the account that runs this can reach it.
    return DataFolder(Path(arguments.data))


def run(main: Callable[[], int], crashed: int = 1) -> NoReturn:
    """Ends the process with the exit code of `main`: 130 after Ctrl-C, `crashed` after an error of our own."""
    try:
        code = main()
    except KeyboardInterrupt:
        say("interrupted")
        code = 130
    except Exception:
        traceback.print_exc()
        code = crashed
    raise SystemExit(code)
