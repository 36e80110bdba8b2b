"""The sniffer: says what files are by their beginnings, and can do nothing else. Run through `entry`, see `serving`.

It is for those who only have to know whether a file is taken: it loads no decoder, and takes less than half of the
memory that a child takes.
"""

from collections.abc import Collection

from processors.refusals import Refused
from processors.sandbox import messages
from processors.sandbox.layers import Layer
from processors.sandbox.outbox import Writer
from processors.sandbox.serving import refusal, serve
from processors.sniff import content_type


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Serve until the other side is gone."""
    serve(arguments, layers, _get_ready, _reply)


def _get_ready() -> None:
    """Has the library read its rules, and the plug-ins loaded: afterwards nothing can be opened."""
    for sample in (b"%PDF-1.7\n", b"plain", b"\0"):
        content_type(memoryview(sample))


def _reply(source: memoryview, job: messages.Job, _: Writer) -> messages.Reply:
    try:
        if not job.sniff:
            return messages.Failure("a sniffer develops nothing")
        return messages.Sniffed(content_type(source))
    except Refused as refused:
        return refusal(refused)
    except Exception as error:
        return messages.Failure(f"{type(error).__name__}: {error}")
