"""The name a client gives a file: cleaned for showing, never part of a key."""

import unicodedata

from appliance.errors import BadRequest
from storage.disposition import seen

MOST_BYTES = 255


def clean(filename: str) -> str:
    """`filename` without control characters and direction marks, in NFC, without folders.

    Raises BadRequest when it is empty, holds NUL, or is longer than 255 bytes in UTF-8.
    """
    if "\0" in filename:
        raise BadRequest("The file name is not valid", filename="must not contain NUL")
    if len(filename.encode(errors="replace")) > MOST_BYTES:
        raise BadRequest("The file name is not valid", filename=f"at most {MOST_BYTES} bytes in UTF-8")
    name = unicodedata.normalize("NFC", seen(filename)).replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not name:
        raise BadRequest("The file name is not valid", filename="must not be empty")
    return name
