"""For verbs that ask something of a running appliance: its configuration, and its own code to ask with."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ops import addresses
from ops.commands import options
from ops.folder import DataFolder
from ops.host.say import stop

Answer = TypeVar("Answer")


def ask(folder: DataFolder, question: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer of `question`, asked with the API's own configuration. Ends the process where nothing is running."""
    if not (folder.path.is_dir() and folder.holder()):
        stop(f"nothing is running in {folder.path}", options.RUNNING_HINT)
    from ops import planning, variables

    environment = dict(os.environ)
    try:
        plan = planning.known(folder, environment)
    except KeyError:
        stop("the appliance has not been set up yet", "Wait until ./ops/up says that all parts are well.")
    os.environ.update(variables.for_role("api", plan, environment))
    return asyncio.run(_connected(question))


async def _connected(question: Callable[[], Awaitable[Answer]]) -> Answer:
    from appliance import errors, resources
    from appliance.config import current

    try:
        async with resources.connected(current()):
            return await question()
    except errors.DomainError as error:
        stop("; ".join([str(error), *(f"{name}: {text}" for name, text in error.fields.items())]))


def default_url(folder: DataFolder) -> str:
    return addresses.load(folder).public_urls[0]
