"""The nodes of a cluster one by one, where it matters that each of them has heard of something."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from urllib3 import PoolManager, Retry, Timeout

from storage.errors import ObjectMissing, StorageError, StorageUnavailable
from storage.keys import Key
from storage.layout import VERSIONS
from storage.transport import Transport

NOBODYS = "a-key-that-nobody-has"
PAUSE = 0.5


def wait_started(nodes: Sequence[str], authority: Path, seconds: float = 60.0) -> list[str]:
    """Waits until each of `nodes` (https://host:port) has read its keys; those that had not by then.

    A node that has begun to answer and has not read them yet is told of no key that is made meanwhile, and looks for
    itself only every ten minutes (minio, cmd/iam.go). `authority` is the file of certificates that vouch for nodes.
    """
    stranger = Key(NOBODYS, NOBODYS)
    return _waited(nodes, authority, seconds, lambda error: not isinstance(error, StorageUnavailable), stranger)


def wait_known(nodes: Sequence[str], authority: Path, key: Key, seconds: float = 30.0) -> list[str]:
    """Waits until each of `nodes` knows `key`, which may get objects; those that did not by then."""
    return _waited(nodes, authority, seconds, lambda error: error is None or isinstance(error, ObjectMissing), key)


def _waited(
    nodes: Sequence[str], authority: Path, seconds: float, good: Callable[[StorageError | None], bool], key: Key
) -> list[str]:
    timeout = Timeout(connect=2, read=5)
    connections = PoolManager(ca_certs=str(authority), timeout=timeout, retries=Retry(0))
    limit, left = time.monotonic() + seconds, list(nodes)
    while True:
        left = [node for node in left if not good(_asked(Transport(node, *key, connections)))]
        if not left or time.monotonic() > limit:
            return left
        time.sleep(PAUSE)


def _asked(transport: Transport) -> StorageError | None:
    try:
        transport.send("HEAD", VERSIONS, "a-file-that-is-not-there")
    except StorageError as error:
        return error
    return None
