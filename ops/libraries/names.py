"""Names of files as they are shown: they may hold anything but a slash and a zero byte, also what moves a cursor."""

import base64
import os


def printable(name: str) -> str:
    """For a terminal: what can't be printed is written out, as \\x1b or \\xff."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def told(path: str) -> dict[str, str]:
    """For a script: `path`, and where that is not UTF-8 all its bytes as `path_base64` as well."""
    name = os.fsencode(path)
    try:
        return {"path": name.decode("utf-8")}
    except UnicodeDecodeError:
        return {"path": name.decode("utf-8", "backslashreplace"), "path_base64": base64.b64encode(name).decode()}
