"""The pipeline: converted behind the keeper's doors, then drawn by the PDF processor behind those of the child."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import msgspec

from processors.office import libreoffice
from processors.office.kinds import KINDS
from processors.office.libreoffice import Office
from processors.office.orders import MOST_PDF, Made, Order, Other
from processors.processor import Processor
from processors.profiles import profile_of
from processors.recipes import PHOTO, Recipe
from processors.refusals import Code, OtherReader, Refused, too_much_memory
from processors.results import UNAVAILABLE, Developed, Facts, Version, pdf_version, table_version, text_version
from processors.sandbox.answers import heard
from processors.sandbox.bounds import Bounds
from processors.sandbox.executing import run
from processors.sandbox.layers import Protection
from processors.sandbox.sandbox import Sandbox
from processors.sandbox.spawn import TooMuchMemory
from processors.sandbox.streams import Source

# Of LibreOffice with its libraries 300 MB are in memory before it has read anything.
BOUNDS = Bounds(seconds=60.0, cores=2, max_bytes=3 << 29, file_bytes=MOST_PDF + (8 << 20), scratch_bytes=1 << 29)
"""What a conversion may use up: time, memory, and a folder in memory with the document, a profile and what is made."""


@dataclass(frozen=True)
class Converted:
    """What the keeper made of a document, as far as there is any of it."""

    made: Made
    pdf: bytes
    table: bytes
    text: bytes


async def develop(
    source: Source,
    sandbox: Sandbox,
    name: str = "",
    bounds: Bounds = BOUNDS,
    recipe: Recipe = PHOTO,
    draw_seconds: float = 10.0,
) -> Developed:
    """Convert the document in `source`, bytes or the descriptor of a file, and draw its first page in `sandbox`.

    name: the file's; its extension tells plain texts from CSV. draw_seconds: for the page, once it is its turn.
    What is a picture or a PDF after all is developed as one. Without LibreOffice there is what we make ourselves, and
    `facts.previews` says "unavailable". A caller that is cancelled leaves no process behind.
    Raises Refused for what the file is guilty of: empty, encrypted, unsupported_kind, not_a_document, unsafe_archive,
    too_much_unpacked, too_many_rows, damaged, too_much_memory, and as the PDF processor does; OtherReader for a
    video; SandboxTimeout, SandboxDied, SandboxWeak.
    """
    if sandbox.protection is None:
        await sandbox.start()
    assert sandbox.protection is not None
    converted = await convert(source, sandbox.protection, name, bounds, libreoffice.find())
    if converted is None:
        return await _other(source, sandbox, draw_seconds, recipe)
    if not converted.pdf:
        return _undrawn(converted)
    drawn = await sandbox.develop(converted.pdf, draw_seconds, recipe, Processor.PDF)
    return _joined(converted, drawn)


async def convert(
    source: Source, protection: Protection, name: str, bounds: Bounds, office: Office | None
) -> Converted | None:
    """The first half: None for what is no document. office: what converts; None: nothing does."""
    order = Order(PurePath(name).suffix.removeprefix(".")[:10])
    keep: Sequence[str] = ()
    if office is not None:
        order.program, order.build, keep = office.program, office.build, office.keep
    words = [f"--cpu-seconds={bounds.cpu_seconds}", f"--file-bytes={bounds.file_bytes}"]
    words += [*(f"--keep={path}" for path in keep), msgspec.json.encode(order).decode()]
    try:
        output = await run("office", words, source, protection, bounds, keep=keep)
    except TooMuchMemory:
        raise too_much_memory() from None
    said, rest = heard(output, Made | Other, "keeper")  # type: ignore[arg-type]
    return None if isinstance(said, Other) else _converted(said, rest)


async def _other(source: Source, sandbox: Sandbox, seconds: float, recipe: Recipe) -> Developed:
    """A picture or a PDF whose name said that it was a document."""
    try:
        return await sandbox.develop(_bytes(source), seconds, recipe, None)
    except Refused as refused:
        if refused.code not in (Code.NOT_A_PICTURE, Code.UNSUPPORTED_KIND):
            raise
        raise _no_document(refused.untouched) from None
    except OtherReader as other:
        if profile_of(other.content_type).processor is not Processor.OFFICE:
            raise
        raise _no_document(untouched=True) from None  # of the family of documents, and none of those


def _no_document(untouched: bool) -> Refused:
    known = ", ".join(kind.name for kind in KINDS)
    message = f"This is not a document, whatever its name says. Supported are {known}."
    return Refused(Code.NOT_A_DOCUMENT, message, untouched)


def _converted(made: Made, rest: memoryview) -> Converted:
    parts, start = [], 0
    for length in (made.pdf, made.table, made.text):
        parts.append(bytes(rest[start : start + length]))
        start += length
    return Converted(made, *parts)


def _undrawn(converted: Converted) -> Developed:
    made = converted.made
    return Developed(Facts(made.format, made.content_type, 0, 0, 1, previews=UNAVAILABLE), _others(converted))


def _joined(converted: Converted, drawn: Developed) -> Developed:
    facts = replace(drawn.source, format=converted.made.format, content_type=converted.made.content_type)
    *pictures, last = drawn.versions
    text = [last] if last.name == "text" else []
    pictures += [] if text else [last]
    return Developed(facts, [*pictures, pdf_version(converted.pdf), *_others(converted, text)])


def _others(converted: Converted, text: Sequence[Version] = ()) -> list[Version]:
    """The table and the text; of a plain text its own, not the one of its pages."""
    table = [table_version(converted.table)] if converted.table else []
    own = [text_version(converted.text, hashlib.sha256(converted.text).hexdigest())] if converted.text else text
    return [*table, *own]


def _bytes(source: Source) -> bytes | memoryview:
    if not isinstance(source, int):
        return source
    with open(source, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()
