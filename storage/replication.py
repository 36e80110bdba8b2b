"""Bucket replication: every version of a bucket's objects also goes to a bucket of another server of the same kind.

Both buckets are versioned; a copy has the version id of its original. Requests and answers are those of the server's
cmd/admin-bucket-handlers.go and cmd/bucket-replication-handlers.go, which madmin-go speaks as well.
"""

import hashlib
import heapq
import itertools
import json
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from minio import Minio, MinioAdmin, crypto
from minio.commonconfig import ENABLED
from minio.credentials import StaticProvider
from minio.versioningconfig import VersioningConfig

from storage.errors import StorageError, translated
from storage.keys import Key
from storage.layout import ORIGINALS, VERSIONS
from storage.listing import Stat
from storage.setup import make_buckets
from storage.signing import REGION
from storage.transport import Transport, pool

BUCKETS = (ORIGINALS, VERSIONS)
TYPE = "replication"
POLICY = "darkroom-replica"
SECONDS = 60.0
CHECK_NANOSECONDS = 10 * 10**9
"""How often the server asks whether the other one is there."""

_RULE = """<ReplicationConfiguration><Rule><ID>darkroom</ID><Status>Enabled</Status><Priority>1</Priority>
<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>
<DeleteReplication><Status>Enabled</Status></DeleteReplication>
<ExistingObjectReplication><Status>Enabled</Status></ExistingObjectReplication>
<Filter><Prefix></Prefix></Filter><Destination><Bucket>{arn}</Bucket></Destination></Rule></ReplicationConfiguration>"""


class Other(NamedTuple):
    """The server that copies go to, and a key of it that may do what `POLICY` says."""

    url: str
    key: Key


class Standing(NamedTuple):
    """How far a bucket's replication is, as the server has counted since its start; `compared` tells what is true."""

    bucket: str
    url: str
    online: bool
    waiting: int
    waiting_bytes: int
    failed: int
    """Tries of the last hour; each is made again."""
    copied: int
    copied_bytes: int
    copying_old: bool
    """Whether what was stored before is still being looked through."""


class Compared(NamedTuple):
    """Object versions of a bucket: how many are on both sides, only here (not copied yet), only there."""

    both: int
    here: int
    here_bytes: int
    there: int


def policy() -> dict[str, Any]:
    """What the key on the other server may do, and nothing else: it makes, reads and deletes copies in two buckets."""
    of_bucket = ["s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetReplicationConfiguration"]
    of_object = ["GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "DeleteObjectVersion"]
    of_object += ["ReplicateObject", "ReplicateDelete", "AbortMultipartUpload", "ListMultipartUploadParts"]
    statements = [
        (of_bucket, [f"arn:aws:s3:::{bucket}" for bucket in BUCKETS]),
        ([f"s3:{name}" for name in of_object], [f"arn:aws:s3:::{bucket}/*" for bucket in BUCKETS]),
    ]
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in statements]
    return {"Version": "2012-10-17", "Statement": allowed}


def prepare(url: str, root: Key) -> Key:
    """Makes the two buckets on the server at `url`, versioned, and a new key with `policy`; `root` is its
    administrator's. Raises StorageUnavailable, StorageError.
    """
    parts, key = urlsplit(url), Key(f"replica-{secrets.token_hex(4)}", secrets.token_hex(24))
    secure, connections = parts.scheme == "https", pool(SECONDS)
    admin = MinioAdmin(
        endpoint=parts.netloc,
        credentials=StaticProvider(*root),
        region=REGION,
        secure=secure,
        http_client=connections,
    )
    with translated(f"preparing {url}"):
        versioned(Minio(parts.netloc, *root, secure=secure, region=REGION, http_client=connections))
        admin.policy_add(policy_name=POLICY, policy=policy())
        admin.user_add(access_key=key.access, secret_key=key.secret)
        admin.policy_set(policy_name=POLICY, user=key.access)
    return key


def versioned(client: Minio) -> None:
    """The two buckets, both versioned: copies know their originals by their version ids."""
    make_buckets(client)
    for bucket in BUCKETS:
        if client.get_bucket_versioning(bucket).status != ENABLED:
            client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))


def compared(here: Iterable[Stat], there: Iterable[Stat]) -> Compared:
    """Both listings with all versions, in the order of keys."""
    both = only = only_bytes = others = 0
    for ours, theirs in _by_key(here, there):
        missing = {version: size for version, size in ours.items() if theirs.get(version) != size}
        only, only_bytes = only + len(missing), only_bytes + sum(missing.values())
        both += len(ours) - len(missing)
        others += len(theirs.keys() - ours.keys())
    return Compared(both, only, only_bytes, others)


def _by_key(here: Iterable[Stat], there: Iterable[Stat]) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """The versions of each key on both sides, with their sizes."""
    marked = heapq.merge(((one, 0) for one in here), ((one, 1) for one in there), key=lambda pair: pair[0].key)
    for _, group in itertools.groupby(marked, key=lambda pair: pair[0].key):
        sides: tuple[dict[str, int], dict[str, int]] = {}, {}
        for stat, side in group:
            sides[side][stat.version_id or "null"] = stat.size
        yield sides


class Replication:
    """Of the buckets of one server, as its administrator. Every method may raise StorageUnavailable, StorageError."""

    def __init__(self, url: str, root: Key) -> None:
        self._transport = Transport(url, *root, pool(SECONDS))
        self._secret = root.secret

    def begin(self, bucket: str, other: Other) -> None:
        """Every object version of `bucket` also goes to the bucket of this name there, those that are here already,
        too. Both have to be versioned. Nothing changes if it was begun before.
        """
        parts = urlsplit(other.url)
        target = {
            "sourcebucket": bucket,
            "targetbucket": bucket,
            "endpoint": parts.netloc,
            "secure": parts.scheme == "https",
            "credentials": {"accessKey": other.key.access, "secretKey": other.key.secret},
            "type": TYPE,
            "healthCheckDuration": CHECK_NANOSECONDS,
            # What is not here is not there either: no read of ours waits for another house.
            "disableProxy": True,
        }
        arn = self._admin("PUT", "set-remote-target", {"bucket": bucket}, target)
        body = _RULE.format(arn=escape(arn)).encode()
        self._s3("PUT", bucket, {"replication": ""}, body)
        self._s3("PUT", bucket, {"replication-reset": "", "arn": arn})

    def targets(self, bucket: str) -> list[dict[str, Any]]:
        """Where it goes, as the server tells it; no secret is in it."""
        told = self._admin("GET", "list-remote-targets", {"bucket": bucket, "type": TYPE})
        return [{name: value for name, value in one.items() if name != "credentials"} for one in told or []]

    def standing(self, bucket: str) -> Standing | None:
        """None where it goes nowhere."""
        targets = self.targets(bucket)
        if not targets:
            return None
        one = targets[0]
        told = self._s3("GET", bucket, {"replication-metrics": "2"}).get("currStats") or {}
        stats = (told.get("Stats") or {}).get(one["arn"], {})
        waiting = (told.get("queued") or {}).get("curr") or {}
        looked = self._s3("GET", bucket, {"replication-reset-status": "", "arn": one["arn"]}).get("target") or []
        return Standing(
            bucket,
            f"{'https' if one['secure'] else 'http'}://{one['endpoint']}",
            bool(one["isOnline"]),
            int(waiting.get("count", 0)),
            int(waiting.get("bytes", 0)),
            int(stats.get("failed", {}).get("lastHour", {}).get("count", 0)),
            int(stats.get("replicationCount", 0)),
            int(stats.get("completedReplicationSize", 0)),
            any(state.get("resyncStatus") in ("Ongoing", "Pending") for state in looked),
        )

    def end(self, bucket: str) -> bool:
        """It goes nowhere from now on; what is there stays there. False if it went nowhere before."""
        if not self.targets(bucket):
            return False
        self._s3("DELETE", bucket, {"replication": ""})
        for one in self.targets(bucket):  # the server forgets by itself what the rule named
            self._admin("DELETE", "remove-remote-target", {"bucket": bucket, "arn": one["arn"]})
        return True

    def _admin(self, method: str, what: str, query: dict[str, str], content: dict[str, Any] | None = None) -> Any:
        body = crypto.encrypt(json.dumps(content).encode(), self._secret) if content else b""
        return self._sent(method, "minio", f"admin/v3/{what}", query, body)

    def _s3(self, method: str, bucket: str, query: dict[str, str], body: bytes = b"") -> Any:
        return self._sent(method, bucket, "", query, body)

    def _sent(self, method: str, bucket: str, key: str, query: dict[str, str], body: bytes) -> Any:
        digest = hashlib.sha256(body).hexdigest()
        answer = self._transport.send(method, bucket, key, query, body=body, sha256=digest)
        try:
            return json.loads(answer.data) if answer.data else {}
        except ValueError as error:
            raise StorageError(f"{method} {bucket}/{key}: an answer that is not understood") from error
