"""What is asked of the keeper, inside the sandbox, and what it answers. Nothing that it says is believed unchecked."""

from typing import Annotated

import msgspec

from processors.limits import MAX_TEXT_BYTES
from processors.sandbox.messages import Word

MOST_PDF, MOST_TABLE = 128 << 20, 4 << 20


class Order(msgspec.Struct):
    """hint: the extension of the file's name, which tells plain texts apart and nothing else.

    program: LibreOffice's, by its path; empty where there is none. build: what it calls itself in a profile.
    """

    hint: str = ""
    program: str = ""
    build: str = ""


class Made(msgspec.Struct, tag="made"):
    """What was made of a document: the bytes that follow are so many of each. drawn: LibreOffice had its turn."""

    format: Word
    content_type: Annotated[str, msgspec.Meta(pattern=r"^(application|text)/[a-z0-9.+-]{1,80}\Z")]
    drawn: bool
    pdf: Annotated[int, msgspec.Meta(ge=0, le=MOST_PDF)] = 0
    table: Annotated[int, msgspec.Meta(ge=0, le=MOST_TABLE)] = 0
    text: Annotated[int, msgspec.Meta(ge=0, le=MAX_TEXT_BYTES)] = 0


class Other(msgspec.Struct, tag="other"):
    """It is no document of these kinds, but a picture or a PDF, or nothing that is known."""
