"""Asking the viewer, in the sandbox, and believing nothing that it says unchecked."""

from typing import TypeVar

import msgspec

from processors.refusals import Code, Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxDied
from processors.sandbox.executing import Output, run
from processors.sandbox.layers import Protection
from processors.sandbox.messages import Refusal
from processors.sandbox.spawn import TooMuchMemory
from processors.sandbox.streams import Source

Answer = TypeVar("Answer")
LINE_BYTES = 65_536


async def ask(
    job: str, order: msgspec.Struct, answer: type[Answer], source: Source, protection: Protection, bounds: Bounds
) -> tuple[Answer, memoryview]:
    """What the viewer answers to `order`, and the bytes behind. Raises Refused, SandboxDied, and as `execute` does."""
    words = [f"--cpu-seconds={bounds.cpu_seconds}", f"--file-bytes={bounds.file_bytes}", job]
    words.append(msgspec.json.encode(order).decode())
    try:
        made = await run("viewer", words, source, protection, bounds)
    except TooMuchMemory:
        raise Refused(Code.TOO_MUCH_MEMORY, "The video needs more memory than a video may.") from None
    return _answer(made, answer)


def _answer(made: Output, kind: type[Answer]) -> tuple[Answer, memoryview]:
    end = bytes(made.data[:LINE_BYTES]).find(b"\n")
    if made.status != 0 or end < 0:
        raise SandboxDied(f"the viewer ended: status {made.status}: {made.said[-300:].strip()}")
    try:
        said = msgspec.json.decode(made.data[:end], type=kind | Refusal)
    except msgspec.MsgspecError as error:
        raise SandboxDied(f"the viewer talks nonsense: {error}") from error
    if isinstance(said, Refusal):
        raise Refused(said.code, said.message)
    return said, made.data[end + 1 :]
