"""What a program of ours leaves on standard output, said inside, read outside: a line of JSON, then bytes."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from processors.refusals import Refused
from processors.sandbox.errors import SandboxDied
from processors.sandbox.messages import Refusal

if TYPE_CHECKING:  # what is loaded inside is to be little
    from processors.sandbox.executing import Output

LINE_BYTES = 65_536
OUTPUT = 1
Answer = TypeVar("Answer")


def say(said: msgspec.Struct, parts: Iterable[bytes | memoryview]) -> None:
    """Raises OSError when that is more than may be written."""
    for part in (msgspec.json.encode(said), b"\n", *parts):
        rest = memoryview(part)
        while len(rest):
            rest = rest[os.write(OUTPUT, rest) :]


def refusal(refused: Refused) -> Refusal:
    return Refusal(refused.code, refused.message, refused.untouched)


def heard(output: "Output", kind: type[Answer], who: str) -> tuple[Answer, memoryview]:
    """What `who` said, and the bytes behind. Raises Refused, SandboxDied for what is no answer."""
    end = bytes(output.data[:LINE_BYTES]).find(b"\n")
    if output.status != 0 or end < 0:
        raise SandboxDied(f"the {who} ended: status {output.status}: {output.said[-300:].strip()}")
    types: Any = kind | Refusal
    try:
        said = msgspec.json.decode(output.data[:end], type=types)
    except msgspec.MsgspecError as error:
        raise SandboxDied(f"the {who} talks nonsense: {error}") from error
    if isinstance(said, Refusal):
        raise Refused(said.code, said.message, said.untouched)
    return said, output.data[end + 1 :]
