"""What the viewer does, inside the sandbox: nothing here is imported by the process of a worker.

A job takes the open video, its order and whom to tell how far it is, and gives what it has to say and the pictures that
go with it.
"""

from typing import Any

from processors.video.keeping.questions import Covers, List, Walk
from processors.video.orders import Facts, Show
from processors.video.view.describe import describe
from processors.video.view.inventory import covers, inventory
from processors.video.view.show import show
from processors.video.view.walk import walk
from processors.video.view.warmup import sample
from processors.video.view.whole import whole

JOBS: dict[str, tuple[Any, type]] = {
    "facts": (describe, Facts),
    "show": (show, Show),
    "whole": (whole, Facts),
    "inventory": (inventory, List),
    "covers": (covers, Covers),
    "walk": (walk, Walk),
}
__all__ = ["JOBS", "sample"]
