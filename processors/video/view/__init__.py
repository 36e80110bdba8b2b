"""What the viewer does, inside the sandbox: nothing below here is imported by the process of a worker.

A job takes the open video, its order and whom to tell how far it is, and gives what it has to say and the pictures that
go with it. It is loaded when it is asked for: most have no need of what makes pictures, which takes longer to load than
they take.
"""

from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from processors.video.keeping.questions import Covers, List, Walk
from processors.video.orders import Facts, Show


class Job(NamedTuple):
    """module: of this package, where the function of the job's name is."""

    module: str
    order: type[msgspec.Struct]


JOBS = {
    "describe": Job("describe", Facts),
    "show": Job("show", Show),
    "whole": Job("whole", Facts),
    "inventory": Job("inventory", List),
    "covers": Job("inventory", Covers),
    "walk": Job("walk", Walk),
}


def load(name: str) -> Any:
    """The function of a job."""
    return getattr(import_module(f"{__name__}.{JOBS[name].module}"), name)
