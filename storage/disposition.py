"""The Content-Disposition header: RFC 6266, with names beyond ASCII as RFC 8187 (formerly RFC 5987) writes them."""

import re
import unicodedata
from urllib.parse import quote

# Marks that turn the direction of what follows: "photo<RLO>gpj.exe" is shown as "photoexe.jpg".
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LONGEST = 150
"""Characters of a name that are kept. In a signed URL one character can take 20 bytes, and addresses have limits."""


def attachment(filename: str | None) -> str:
    """ "Save this, don't show it", under `filename` (any text) where one is given."""
    return _header("attachment", filename)


def inline(filename: str | None) -> str:
    """ "Show this", and save it under `filename` (any text) where one is given."""
    return _header("inline", filename)


def seen(text: str) -> str:
    """`text` without what nobody sees and what changes how the rest of it, a line or a header, is read."""
    return "".join(c for c in text if c not in _DIRECTIONS and unicodedata.category(c) not in _UNSEEN)


def _header(kind: str, filename: str | None) -> str:
    if filename is None:
        return kind
    name = _clean(filename)
    plain = re.sub(r"[^A-Za-z0-9 ._()+,=@-]", "_", name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"


def _clean(filename: str) -> str:
    name = re.sub(r"[/\\]", "_", seen(filename)).strip(" .")
    if len(name) > _LONGEST:
        stem, dot, extension = name.rpartition(".")
        kept = dot + extension if 0 < len(extension) <= 10 else ""
        name = (stem if kept else name)[: _LONGEST - len(kept)] + kept
    return name or "file"
