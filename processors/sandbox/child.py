"""The child: develops what comes in. Run through `entry`, see `serving`."""

import ctypes
from collections.abc import Collection

from processors.choice import process
from processors.refusals import OtherReader, Refused, too_much_memory
from processors.results import TEXT, Developed, Facts, Version
from processors.sandbox import messages
from processors.sandbox.layers import Layer
from processors.sandbox.outbox import Writer
from processors.sandbox.serving import refusal, serve
from processors.sandbox.warmup import warm_up
from processors.sniff import content_type

# With the allocator told to keep memory, a large picture would be paid for ever.
TRIM_PIXELS = 40_000_000


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Serve until the other side is gone."""
    trim = ctypes.CDLL(None).malloc_trim

    def give_back(reply: messages.Reply) -> None:
        if not (isinstance(reply, messages.Done) and _small(reply.source)):
            trim(0)

    serve(arguments, layers, warm_up, _reply, give_back)


def _small(source: messages.SourceHead) -> bool:
    """How large the pictures in a document are, nobody has counted."""
    return source.pages is None and source.width * source.height <= TRIM_PIXELS


def _reply(source: memoryview, job: messages.Job, outbox: Writer) -> messages.Reply:
    try:
        if job.sniff:
            return messages.Sniffed(content_type(source))
        developed = process(source, job.recipe, job.processor, job.page)
        outbox.put([version.data for version in developed.versions])
    except OtherReader as other:
        return messages.Sniffed(other.content_type)
    except Refused as refused:
        return refusal(refused)
    except MemoryError:
        return refusal(too_much_memory())
    except Exception as error:
        return messages.Failure(f"{type(error).__name__}: {error}")
    return _head(developed)


def _head(developed: Developed) -> messages.Done:
    *versions, last = developed.versions
    if last.name != TEXT:
        return messages.Done(_source(developed.source), [*map(_version, versions), _version(last)])
    text = messages.TextHead(last.sha256, len(last.data))
    return messages.Done(_source(developed.source), [*map(_version, versions)], text)


def _source(facts: Facts) -> messages.SourceHead:
    picture = (facts.format, facts.content_type, facts.width, facts.height, facts.frames)
    return messages.SourceHead(*picture, facts.pages, facts.text_pages)


def _version(v: Version) -> messages.VersionHead:
    return messages.VersionHead(v.name, v.width, v.height, v.content_type, v.extension, v.sha256, len(v.data))
