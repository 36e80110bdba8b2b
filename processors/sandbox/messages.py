"""What parent and child say to each other: one MessagePack message a packet. To the child at most one descriptor comes
beside it; from the child none is taken.

The child is not trusted: when its messages are decoded, what every field may hold is checked. Whether a version is what
its digest says is checked by whoever stores it.
"""

import socket
from typing import Annotated

import msgspec

from processors.limits import MAX_FRAMES, MAX_PAGES, MAX_PIXELS, MAX_TEXT_BYTES
from processors.processor import Processor
from processors.recipes import Recipe

PACKET_BYTES = 65_536
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,40}\Z")]
ContentType = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{1,20}/[A-Za-z0-9.+-]{1,100}\Z")]
Side = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Job(msgspec.Struct):
    """To the child. The source is the inbox's first `length` bytes; without, it comes as a descriptor beside.

    Without a `processor` its content says who reads it. `page`: the only one of a document to be read. sniff: only what
    it is by its content is asked, of its beginning.
    """

    recipe: Recipe
    length: int | None
    processor: Processor | None = Processor.IMAGE
    page: int | None = None
    sniff: bool = False


class SourceHead(msgspec.Struct):
    """What the child has seen of the source: `processors.results.Facts`, with limits. Its SHA-256 is not the child's
    to say: whoever has the bytes knows better.
    """

    format: Word
    content_type: ContentType
    width: Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]
    height: Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]
    frames: Annotated[int, msgspec.Meta(ge=1, le=MAX_FRAMES)]
    pages: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGES)] | None = None
    text_pages: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGES)] | None = None


class VersionHead(msgspec.Struct):
    """A version without its bytes: they are the next `length` of the outbox."""

    name: Word
    width: Side
    height: Side
    content_type: Annotated[str, msgspec.Meta(pattern=r"^image/(jpeg|webp|avif)\Z")]
    extension: Annotated[str, msgspec.Meta(pattern=r"^(jpg|webp|avif)\Z")]
    sha256: Digest
    length: Annotated[int, msgspec.Meta(ge=1)]


class TextHead(msgspec.Struct):
    """The text of a document without its bytes: they are the next `length` of the outbox, behind all versions."""

    sha256: Digest
    length: Annotated[int, msgspec.Meta(ge=1, le=MAX_TEXT_BYTES)]


class Ready(msgspec.Struct, tag="ready"):
    """From the child once its doors are closed, and before it has seen anything: the uid it has then."""

    uid: int


class Done(msgspec.Struct, tag="done"):
    """From the child, once the versions, and the text if there is any, are in the outbox, one after the other."""

    source: SourceHead
    versions: list[VersionHead]
    text: TextHead | None = None


class Sniffed(msgspec.Struct, tag="sniffed"):
    """From the child: what a file is by its content, where that was asked, or where somebody else has to read it."""

    content_type: ContentType


class Refusal(msgspec.Struct, tag="refusal"):
    code: Word
    message: Annotated[str, msgspec.Meta(max_length=500)]
    untouched: bool


class Failure(msgspec.Struct, tag="failure"):
    """From the child when it met an error that is nobody's but ours."""

    text: str


Reply = Ready | Done | Sniffed | Refusal | Failure
encode = msgspec.msgpack.encode
decode_job = msgspec.msgpack.Decoder(Job).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def send(channel: socket.socket, message: msgspec.Struct, descriptor: int | None = None) -> None:
    """Send one message. Raises OSError when the other side is gone."""
    socket.send_fds(channel, [encode(message)], [] if descriptor is None else [descriptor])


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """The child's: one message and the descriptors beside it, which the caller closes. Empty: the parent is gone."""
    message, descriptors, _, _ = socket.recv_fds(channel, PACKET_BYTES, 2)
    return message, descriptors
