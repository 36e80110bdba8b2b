"""For verbs that ask something of a running appliance: its configuration, and its own code to ask with."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from ops import addresses
from ops.commands import options
from ops.folder import DataFolder
from ops.setup.say import stop

if TYPE_CHECKING:
    from ops.services import Plan

Answer = TypeVar("Answer")
PATIENCE = 15.0


class CannotRun(Exception):
    """What was asked can't be found out now. Says why, and what to do next."""


def become(role: str, folder: DataFolder) -> "Plan":
    """Gives this process the environment of a process of kind `role` in the appliance that runs in `folder`.

    Raises CannotRun.
    """
    if not (folder.path.is_dir() and (folder.holder() or folder.hosted())):
        raise CannotRun(f"nothing is running in {folder.path}\n  → {options.RUNNING_HINT}")
    from ops import planning, variables

    environment = dict(os.environ)
    try:
        plan = planning.known(folder, environment)
    except planning.NotKnown as reason:
        raise CannotRun(str(reason)) from reason
    os.environ.update(variables.for_role(role, plan, environment))
    return plan


def ask(folder: DataFolder, question: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer of `question`, asked with the API's own configuration. Ends the process where nothing is running."""
    try:
        become("api", folder)
    except CannotRun as reason:
        stop(str(reason))
    return asyncio.run(_connected(question))


async def _connected(question: Callable[[], Awaitable[Answer]]) -> Answer:
    from appliance import errors, resources
    from appliance.config import current

    try:
        async with asyncio.timeout(PATIENCE), resources.connected(current()):
            return await question()
    except TimeoutError:
        stop(f"no answer within {PATIENCE:.0f} s", "./ops/status shows which part is not well.")
    except errors.DomainError as error:
        stop("; ".join([str(error), *(f"{name}: {text}" for name, text in error.fields.items())]))


def who() -> str:
    """The person at the terminal, also where root's commands have become the service account by now."""
    try:
        return os.getlogin()
    except OSError:
        return os.environ.get("SUDO_USER") or getpass.getuser()


def default_url(folder: DataFolder) -> str:
    return addresses.load(folder).public_urls[0]
