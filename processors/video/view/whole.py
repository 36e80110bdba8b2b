"""All that is asked of a file before anything is decided, at once: to start a viewer costs more than either of both."""

from collections.abc import Callable
from typing import IO

from processors.video.facts import VideoFacts
from processors.video.keeping.questions import List
from processors.video.orders import Facts
from processors.video.view.describe import describe
from processors.video.view.inventory import inventory


def whole(file: IO[bytes], order: Facts, tell: Callable[[float], None]) -> tuple[VideoFacts, list[bytes]]:
    """The facts, and the inventory as JSON, which follows. Raises Refused as both do."""
    facts, _ = describe(file, order, tell)
    file.seek(0)
    _, said = inventory(file, List(), tell)
    return facts, said
