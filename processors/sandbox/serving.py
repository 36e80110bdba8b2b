"""A process that serves one job after the other: it gets ready, closes the doors, then answers what comes in until the
other side is gone.
"""

import argparse
import gc
import os
import socket
from collections.abc import Callable, Collection

from processors.refusals import Refused
from processors.sandbox import doors, memfd, messages
from processors.sandbox.inbox import reader
from processors.sandbox.layers import Layer
from processors.sandbox.outbox import Writer

Answer = Callable[[memoryview, messages.Job, Writer], messages.Reply]


def serve(
    arguments: list[str],
    layers: Collection[Layer],
    get_ready: Callable[[], None],
    answer: Answer,
    afterwards: Callable[[messages.Reply], None] = lambda _: None,
) -> None:
    """Serve until the other side is gone. What goes wrong before is told through the socket.

    get_ready: loads all that will be needed. afterwards: called with each reply once it is sent.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the parent")
    parser.add_argument("--inbox", type=int, required=True, help="descriptor of the memory that sources come in")
    parser.add_argument("--outbox", type=int, required=True, help="descriptor of the memory that results go to")
    given, _ = parser.parse_known_args(arguments)
    channel = socket.socket(fileno=given.channel)
    inbox, outbox = reader(given.inbox), Writer(given.outbox)
    try:
        get_ready()
        doors.close(layers)
    except Exception as error:
        messages.send(channel, messages.Failure(f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error
    gc.collect()
    gc.freeze()
    messages.send(channel, messages.Ready(os.getuid()))
    while (reply := _served(channel, inbox, outbox, answer)) is not None:
        afterwards(reply)


def _served(channel: socket.socket, inbox: memoryview, outbox: Writer, answer: Answer) -> messages.Reply | None:
    """Do one job. None when the parent is gone."""
    message, descriptors = messages.receive(channel)
    if not message:
        return None
    try:
        job = messages.decode_job(message)
        source = memfd.view(descriptors[0]) if job.length is None else inbox[: job.length]
        reply = answer(source, job, outbox)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    messages.send(channel, reply)
    return reply


def refusal(refused: Refused) -> messages.Refusal:
    """Why a file was refused, as the other side is told."""
    return messages.Refusal(refused.code, refused.message, refused.untouched)
