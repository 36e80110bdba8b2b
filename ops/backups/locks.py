"""Who is at work in a store: a file for each, so that nothing is pruned that a backup is about to refer to.

Each writes its own file first and looks at the others' then: of two that begin at once, one at least sees the other.
A file is renewed while its owner works; one that was not for STALE_SECONDS is of somebody who was killed.
"""

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ops.backups.stores import NotThere, Store, StoreError

BACKUP, PRUNE = "backup", "prune"
STALE_SECONDS = 30 * 60.0
RENEW_SECONDS = 5 * 60.0
_FOLDER = "locks/"


class InUse(StoreError):
    """Somebody else is at work there. Says who, and what to do."""


@contextmanager
def held(store: Store, kind: str) -> Iterator[None]:
    """The store is ours for work of this kind: several back up at once, who prunes is alone. Raises InUse, StoreError.

    What others have left behind is removed.
    """
    name, ended = f"{kind}-{secrets.token_hex(8)}", threading.Event()
    _write(store, name)
    try:
        _look(store, kind, name)
        renewing = threading.Thread(target=_renew, args=(store, name, ended), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
    finally:
        with suppress(StoreError):
            store.remove(_FOLDER + name)


def _write(store: Store, name: str) -> None:
    told = {"at": time.time(), "host": socket.gethostname(), "pid": os.getpid()}
    text = json.dumps(told).encode()
    store.write(_FOLDER + name, [text], len(text))


def _renew(store: Store, name: str, ended: threading.Event) -> None:
    while not ended.wait(RENEW_SECONDS):
        with suppress(StoreError):  # the next time; a store that is away is noticed by the work itself
            _write(store, name)


def _look(store: Store, kind: str, own: str) -> None:
    for name in store.names(_FOLDER):
        if name == own or (kind == BACKUP and name.startswith(BACKUP)):
            continue
        try:
            told = json.loads(b"".join(store.read(_FOLDER + name)))
        except NotThere:
            continue
        left = told["at"] + STALE_SECONDS - time.time()
        if left > 0:
            what = "a backup is being written" if name.startswith(BACKUP) else "backups are being removed"
            who = f"by process {told['pid']} of {told['host']}"
            again = f"Again when it has ended; if it was killed, in {left / 60:.0f} minutes."
            raise InUse(f"{what} there ({who})\n  → {again}")
        store.remove(_FOLDER + name)
