"""Whether the worker may write to a library's folder at all: to be told at once, not by each of its files."""

import os
import shlex
from pathlib import Path

ALL = os.R_OK | os.W_OK | os.X_OK


def forbidden(folder: str) -> str | None:
    """Why this process can't work in `folder`, with what would let it, for people; None where it can.

    Folders below may still be closed to it, which is said of the files in them.
    """
    if os.access(folder, ALL, effective_ids=True):
        return None
    uid, named = os.geteuid(), shlex.quote(folder)
    if closed := _closed(Path(folder)):
        way = f"setfacl -m u:{uid}:x {shlex.quote(str(closed))}"
        return f"the folder {folder} can't be reached by uid {uid}: {closed} does not let it pass; {way}"
    cannot = f"the folder {folder} can't be written by uid {uid}"
    try:
        facts = os.statvfs(folder)
    except OSError as error:
        return f"the folder {folder} can't be used: {error.strerror or error}"
    if facts.f_flag & os.ST_RDONLY:
        return f"{cannot}: it is read-only here; mount it to be written to"
    return f"{cannot}: setfacl -R -m u:{uid}:rwX,d:u:{uid}:rwX {named}, or chown -R {uid} {named}"


def _closed(folder: Path) -> Path | None:
    """The highest folder above this one that lets nobody pass who this process is."""
    for above in reversed(folder.parents):
        if above.is_dir() and not os.access(above, os.X_OK, effective_ids=True):
            return above
    return None
