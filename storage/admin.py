"""The server's administrator: what it says of its nodes and drives, and the healing it does when told to.

minio-py has no healing; so it is sent here, as madmin-go (heal-commands.go) sends it. The answers are plain JSON.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from storage.errors import StorageError
from storage.health import Cluster, parsed
from storage.results import BUCKET, Result, result_of
from storage.transport import Transport, pool

SECONDS = 30.0
"""The longest wait for an answer: one that starts a healing waits for the end of an earlier one on the same path."""

_PAUSE = 0.05
_NORMAL, _DEEP = 1, 2  # madmin.HealScanMode
_NEVER = "0001-01-01"  # Go's time zero


class Course(StrEnum):
    """How a healing stands."""

    RUNNING = "running"
    FINISHED = "finished"
    LOST = "lost"  # the server that did it was started again, and knows nothing of it
    FAILED = "failed"


class Batch(NamedTuple):
    """What a healing has done since it was asked last."""

    course: Course
    results: list[Result]
    detail: str = ""


class Admin:
    """The administrator of the server at `url`. All methods raise StorageUnavailable or StorageError. Thread-safe."""

    def __init__(
        self, url: str, access: str, secret: str, seconds: float = SECONDS, authority: Path | None = None
    ) -> None:
        """authority: the file of certificates that vouch for it, where those of the system don't."""
        self._transport = Transport(url, access, secret, pool(seconds, authority))

    def cluster(self) -> Cluster:
        """Nodes, drives and erasure sets as they are now."""
        return parsed(self._get("info"), self._get("storageinfo"))

    def heal(self, bucket: str, prefix: str, deep: bool) -> str:
        """Starts the healing of all object versions whose key begins with `prefix`; its token, for `more`.

        deep: every shard is read and compared with its hash; else only what is missing or old is found. One that is
        under way on the same path is ended first.
        """
        options = {"recursive": True, "scanMode": _DEEP if deep else _NORMAL}
        answer = self._post(_path(bucket, prefix), {"forceStart": "true"}, json.dumps(options).encode())
        return str(_field(answer, "clientToken"))

    def more(self, bucket: str, prefix: str, token: str) -> Batch:
        """What was done since the last call. The server keeps a thousand results and waits until they are fetched: who
        does not ask slows the healing down.
        """
        return batch(self._post(_path(bucket, prefix), {"clientToken": token}))

    def heal_settings(self) -> None:
        """Heals the server's own settings: its users, policies and buckets. They come first when all is healed, and
        with the first bucket that is over.
        """
        token = self.heal("", "", deep=False)
        try:
            while True:
                answer = self.more("", "", token)
                if answer.course is not Course.RUNNING or any(one.kind == BUCKET for one in answer.results):
                    return
                time.sleep(_PAUSE)
        finally:
            self.stop("", "")

    def stop(self, bucket: str, prefix: str) -> None:
        """Ends a healing; nothing happens if there is none."""
        self._post(_path(bucket, prefix), {"forceStop": "true"}, b"{}")

    def _get(self, what: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._transport.send("GET", "minio", f"admin/v3/{what}").data)
        return answer

    def _post(self, path: str, query: Mapping[str, str], body: bytes = b"") -> dict[str, Any]:
        sha256 = hashlib.sha256(body).hexdigest()
        # A long wait is filled with white space, and what went wrong then comes with a status of 200.
        text = self._transport.send("POST", "minio", f"admin/v3/{path}", query, None, body, sha256).data
        answer: dict[str, Any] = json.loads(text)
        if answer.get("Code") or answer.get("code"):
            raise StorageError(f"{path}: {answer.get('Code') or answer.get('code')}")
        return answer


def batch(answer: Mapping[str, Any]) -> Batch:
    """The answer to a question for more (healSequenceStatus, minio, cmd/admin-heal-ops.go).

    Of a healing that the server does not know it says that it has finished; only that one never started.
    """
    results = [result_of(item) for item in answer.get("Items") or ()]
    summary, detail = answer.get("Summary"), str(answer.get("Detail") or "")
    if summary == "finished":
        lost = str(answer.get("StartTime", _NEVER)).startswith(_NEVER)
        return Batch(Course.LOST if lost else Course.FINISHED, results, detail)
    return Batch(Course.FAILED if summary == "stopped" else Course.RUNNING, results, detail)


def _path(bucket: str, prefix: str) -> str:
    return "/".join(["heal", bucket, *([prefix] if prefix else ())])


def _field(answer: Mapping[str, Any], name: str) -> Any:
    if name not in answer:
        raise StorageError(f"the server's answer has no {name}")
    return answer[name]
