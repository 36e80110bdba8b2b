"""Buckets and keys for other programs on the same server: each key sees its own bucket and nothing else.

A key is a user of the server with a policy for one bucket, not a service account: those of root count as root wherever
the server forgets their policy, and a user is withdrawn with all that was derived from it. What there is, is asked of
the server itself; nothing is kept beside it.
"""

import json
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider

from storage import policies
from storage.errors import translated
from storage.keys import Key
from storage.layout import ORIGINALS, RESERVED, VERSIONS
from storage.signing import REGION
from storage.transport import Transport, pool

BUCKET = "[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
"""The names that buckets of others can have, as a regular expression that Python and RE2 read alike."""
CLOSED = frozenset({ORIGINALS, VERSIONS, *RESERVED})
"""Those among them that they never have."""
ACCESS = "DK[A-Z2-7]{18}"
"""The access keys of others, likewise: by this the edge knows them, and lets no other key in."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_POLICY = re.compile(f"others-({BUCKET})-(read|write)")


class Unfit(ValueError):
    """What was asked can't be done as it was asked; the message says why."""


@dataclass(frozen=True)
class Bucket:
    """One bucket of others. `used` bytes and `objects` are as the server last counted them, None before that."""

    name: str
    quota: int
    used: int | None
    objects: int | None


@dataclass(frozen=True)
class Issued:
    """A key that was made: for whom, and what it may. `bucket` is empty if making it was interrupted."""

    access: str
    bucket: str
    read_only: bool


class Tenants:
    """What others have on the server at `url`, seen to with its root key. All methods raise StorageError as well."""

    def __init__(self, url: str, root_access: str, root_secret: str) -> None:
        parts = urlsplit(url)
        secure, connections = parts.scheme == "https", pool(30.0)
        self._client = Minio(
            parts.netloc, root_access, root_secret, secure=secure, region=REGION, http_client=connections
        )
        self._admin = MinioAdmin(
            endpoint=parts.netloc,
            credentials=StaticProvider(root_access, root_secret),
            region=REGION,
            secure=secure,
            http_client=connections,
        )
        self._transport = Transport(url, root_access, root_secret, connections)

    def create(self, name: str, quota: int) -> None:
        """Makes an empty bucket that may take about `quota` bytes. Raises Unfit for a name that is taken or none."""
        if not re.fullmatch(BUCKET, name) or name in CLOSED:
            raise Unfit(f"{name!r} can't be a bucket: 3 to 63 small letters, digits and hyphens, and no name of ours")
        with translated(f"making the bucket {name}"):
            if self._client.bucket_exists(name):
                raise Unfit(f"there is a bucket {name} already")
            self._client.make_bucket(name)
            self._admin.bucket_quota_set(name, quota)

    def limit(self, name: str, quota: int) -> None:
        """Lets the bucket take about `quota` bytes from now on. Raises Unfit if there is none."""
        with translated(f"the quota of {name}"):
            self._must_exist(name)
            self._admin.bucket_quota_set(name, quota)

    def buckets(self) -> list[Bucket]:
        """All buckets of others, by name."""
        with translated("the list of buckets"):
            counted = json.loads(self._admin.get_data_usage_info()).get("bucketsUsageInfo") or {}
            names = sorted(bucket.name for bucket in self._client.list_buckets() if bucket.name not in CLOSED)
            return [self._bucket(name, counted.get(name, {})) for name in names]

    def _bucket(self, name: str, counted: dict[str, int]) -> Bucket:
        quota = json.loads(self._admin.bucket_quota_get(name)).get("quota") or 0
        return Bucket(name, quota, counted.get("size"), counted.get("objectsCount"))

    def delete(self, name: str) -> None:
        """Withdraws the bucket's keys, then removes it with all it holds. Raises Unfit if there is none."""
        with translated(f"deleting the bucket {name}"):
            self._must_exist(name)
        for key in self.issued(name):
            self.revoke(key.access)
        # One call, however much there is: the server puts all of it aside, and removes it by and by.
        self._transport.send("DELETE", name, "", headers={"x-minio-force-delete": "true"})
        with translated(f"the policies of {name}"):
            known = json.loads(self._admin.policy_list())
            for policy in filter(known.__contains__, (_policy(name, True), _policy(name, False))):
                self._admin.policy_remove(policy)

    def issue(self, bucket: str, read_only: bool) -> Key:
        """A new key that may read the bucket, and write and delete unless it is `read_only`. Raises Unfit."""
        key = Key("DK" + "".join(secrets.choice(_LETTERS) for _ in range(18)), secrets.token_hex(20))
        policy = _policy(bucket, read_only)
        with translated(f"making a key for {bucket}"):
            self._must_exist(bucket)
            self._admin.policy_add(policy_name=policy, policy=policies.of_bucket(bucket, read_only))
            self._admin.user_add(access_key=key.access, secret_key=key.secret)
            self._admin.policy_set(policy_name=policy, user=key.access)
        return key

    def issued(self, bucket: str = "") -> list[Issued]:
        """The keys of others, or of one bucket, by bucket and access key."""
        with translated("the list of keys"):
            users = json.loads(self._admin.user_list())
        found = [_issued(access, user.get("policyName", "")) for access, user in users.items()]
        mine = [key for key in found if key and (not bucket or key.bucket == bucket)]
        return sorted(mine, key=lambda key: (key.bucket, key.access))

    def revoke(self, access: str) -> Issued:
        """Withdraws a key; the server refuses it from now on. What it was. Raises Unfit if there is none."""
        for key in self.issued():
            if key.access == access:
                with translated(f"revoking {access}"):
                    self._admin.user_remove(access)
                return key
        raise Unfit(f"there is no key {access} of other programs")

    def _must_exist(self, name: str) -> None:
        if not re.fullmatch(BUCKET, name) or name in CLOSED or not self._client.bucket_exists(name):
            raise Unfit(f"there is no bucket {name} of other programs")


def _policy(bucket: str, read_only: bool) -> str:
    return f"others-{bucket}-{'read' if read_only else 'write'}"


def _issued(access: str, policy: str) -> Issued | None:
    """What a user of the server is, if it is a key of others."""
    if not re.fullmatch(ACCESS, access):
        return None
    known = _POLICY.fullmatch(policy)
    return Issued(access, known[1] if known else "", bool(known and known[2] == "read"))
