"""Reading a `.env` file: a setting a line, as NAME=value. By the standard library: nothing else is there yet.

Spaces around "=" and before the line are let through, and `export`. A value in single quotes is what it says; in double
quotes a backslash stands before a quote, a dollar or itself; without quotes it ends where " #" begins a remark. Nothing
is filled in from elsewhere.
"""

import os
import re
from pathlib import Path

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:\#.*)?""", re.VERBOSE)


class Unreadable(ValueError):
    """A line that is no setting; the message names the file and the line, and holds nothing of what is in it."""


def read(path: Path) -> dict[str, str]:
    """The settings in the file; none where there is no file. Raises Unreadable and OSError."""
    # A pipe would keep us waiting for whoever put it there; of a folder that is somebody else's that is said elsewhere.
    if not os.path.isfile(path):
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{path} is no text") from None
    found = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line or line.startswith("#"):
            continue
        setting = _LINE.fullmatch(line)
        value = _value(setting[2]) if setting else None
        if setting is None or value is None:
            raise Unreadable(f"{path}, line {number} is not NAME=value")
        found[setting[1]] = value
    return found


def _value(text: str) -> str | None:
    if not text.startswith(("'", '"')):
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
    if (quoted := _QUOTED.fullmatch(text)) is None:
        return None
    return quoted[1] if quoted[1] is not None else re.sub(r'\\(["\\$])', r"\1", quoted[2])
