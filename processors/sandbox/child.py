"""The child: opens its eyes, closes the doors, then develops what comes in until the other side is gone.

Run through `entry`, with its end of the socket as descriptor `--channel`.
"""

import argparse
import ctypes
import gc
import os
import socket
from collections.abc import Collection

from processors.choice import process
from processors.refusals import OtherReader, Refused, too_much_memory
from processors.results import TEXT, Developed, Facts, Version
from processors.sandbox import doors, memfd, messages
from processors.sandbox.inbox import reader
from processors.sandbox.layers import Layer
from processors.sandbox.outbox import Writer
from processors.sandbox.warmup import warm_up
from processors.sniff import content_type

# With the allocator told to keep memory, a large picture would be paid for ever.
TRIM_PIXELS = 40_000_000


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Serve until the other side is gone. What goes wrong before is told through the socket."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the parent")
    parser.add_argument("--inbox", type=int, required=True, help="descriptor of the memory that sources come in")
    parser.add_argument("--outbox", type=int, required=True, help="descriptor of the memory that results go to")
    given, _ = parser.parse_known_args(arguments)
    channel = socket.socket(fileno=given.channel)
    inbox, outbox = reader(given.inbox), Writer(given.outbox)
    trim = ctypes.CDLL(None).malloc_trim
    try:
        warm_up()
        doors.close(layers)
    except Exception as error:
        messages.send(channel, messages.Failure(f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error
    gc.collect()
    gc.freeze()
    messages.send(channel, messages.Ready(os.getuid()))
    while _serve(channel, inbox, outbox, trim):
        pass


def _serve(channel: socket.socket, inbox: memoryview, outbox: Writer, trim: "ctypes._NamedFuncPointer") -> bool:
    """Do one job. False when the parent is gone."""
    message, descriptors = messages.receive(channel)
    if not message:
        return False
    try:
        job = messages.decode_job(message)
        source = memfd.view(descriptors[0]) if job.length is None else inbox[: job.length]
        reply = _reply(source, job, outbox)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    messages.send(channel, reply)
    if not (isinstance(reply, messages.Done) and _small(reply.source)):
        trim(0)
    return True


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
        return _refusal(refused)
    except MemoryError:
        return _refusal(too_much_memory())
    except Exception as error:
        return messages.Failure(f"{type(error).__name__}: {error}")
    return _head(developed)


def _head(developed: Developed) -> messages.Done:
    *versions, last = developed.versions
    if last.name != TEXT:
        return messages.Done(_source(developed.source), [*map(_version, versions), _version(last)])
    text = messages.TextHead(last.sha256, len(last.data))
    return messages.Done(_source(developed.source), [*map(_version, versions)], text)


def _refusal(refused: Refused) -> messages.Refusal:
    return messages.Refusal(refused.code, refused.message, refused.untouched)


def _source(facts: Facts) -> messages.SourceHead:
    picture = (facts.format, facts.content_type, facts.width, facts.height, facts.frames)
    return messages.SourceHead(*picture, facts.pages, facts.text_pages)


def _version(v: Version) -> messages.VersionHead:
    return messages.VersionHead(v.name, v.width, v.height, v.content_type, v.extension, v.sha256, len(v.data))
