"""The name a client gives a file: cleaned for showing, never part of a key."""

import unicodedata

from appliance.errors import BadRequest

MOST_BYTES = 255

# What could turn a line or a header into another: controls, and the marks that reverse the direction of writing.
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


def clean(filename: str) -> str:
    """`filename` without control characters and direction marks, in NFC, without folders.

    Raises BadRequest when it is empty, holds NUL, or is longer than 255 bytes in UTF-8.
    """
    if "\0" in filename:
        raise BadRequest("The file name is not valid", filename="must not contain NUL")
    if len(filename.encode(errors="replace")) > MOST_BYTES:
        raise BadRequest("The file name is not valid", filename=f"at most {MOST_BYTES} bytes in UTF-8")
    kept = (c for c in filename if c not in _DIRECTION and unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
    name = unicodedata.normalize("NFC", "".join(kept)).replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not name:
        raise BadRequest("The file name is not valid", filename="must not be empty")
    return name
