"""Asking the viewer, in the sandbox, and believing nothing that it says unchecked."""

from typing import TypeVar

import msgspec

from processors.refusals import Code, Refused
from processors.sandbox.answers import heard
from processors.sandbox.bounds import Bounds
from processors.sandbox.executing import run
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.sandbox.spawn import TooMuchMemory
from processors.sandbox.streams import Source

Answer = TypeVar("Answer")


async def ask(
    job: str,
    order: msgspec.Struct,
    answer: type[Answer],
    source: Source,
    protection: Protection,
    bounds: Bounds,
    hearing: Hearing | None = None,
) -> tuple[Answer, memoryview]:
    """What the viewer answers to `order`, and the bytes behind; `hearing` hears how far it is, as of ffmpeg.

    Raises Refused, SandboxDied, and as `execute` does.
    """
    words = [f"--cpu-seconds={bounds.cpu_seconds}", f"--file-bytes={bounds.file_bytes}"]
    words += [f"--tell={hearing.number}"] if hearing else []
    words += [job, msgspec.json.encode(order).decode()]
    try:
        made = await run("viewer", words, source, protection, bounds, hearing=hearing)
    except TooMuchMemory:
        raise Refused(Code.TOO_MUCH_MEMORY, "The video needs more memory than a video may.") from None
    return heard(made, answer, "viewer")
