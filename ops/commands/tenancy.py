"""What `./ops/bucket` and `./ops/key` have in common: whom they ask, and how what goes wrong is said."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ops import addresses
from ops.commands import options
from ops.folder import DataFolder
from ops.setup.say import say, stop

if TYPE_CHECKING:
    from storage.tenants import Tenants

EXITS = "Exit codes: 0 done; 1 not done, and said why; 2 wrong usage."


def action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    """One more word that a verb takes, with its own options."""
    made = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
    made.add_argument("--data", metavar="DIR", default=None, help="the data folder")
    return made


@contextmanager
def asked(folder: DataFolder) -> "Iterator[Tenants]":
    """The running storage server of the appliance in `folder`; ends the process where it can't be asked, or refuses."""
    if not (folder.path.is_dir() and (folder.holder() or folder.hosted())):
        stop(f"nothing is running in {folder.path}", options.RUNNING_HINT)
    # Only now, since --help is answered before anything is installed.
    from ops import planning
    from storage.errors import StorageError
    from storage.tenants import Tenants, Unfit

    try:
        plan = planning.known(folder, dict(os.environ))
        access, _, secret = plan.credentials.storage_root.partition(":")
        if not access:
            stop(
                "storage runs elsewhere, and its root key is not known here",
                "Give it: DARKROOM_STORAGE_ROOT=KEY:SECRET",
            )
        yield Tenants(plan.services.storage_url, access, secret)
    except (planning.NotKnown, Unfit) as reason:
        stop(str(reason))
    except StorageError as error:
        stop(f"storage did not do it: {error}", "./ops/status shows which part is not well.")


def endpoint(folder: DataFolder) -> str:
    """Where other programs reach S3; empty, and said so, where they can't."""
    urls = addresses.load(folder).s3_public_urls
    if not urls:
        say("Nothing listens for other programs yet: ./ops/down, then ./ops/up --s3-port 9000 (./ops/up --help).")
    return urls[0] if urls else ""
