"""AWS Signature Version 4 for links and forms: signed offline, by a key derived once a day.

Source: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" and "Browser-Based Uploads Using
POST" in the Amazon S3 API reference. A page of a list has some 500 links: a general client takes three times as long.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
REGION = "us-east-1"


class Body(NamedTuple):
    """What a request has to carry: so many bytes, of this SHA-256 (hex)."""

    size: int
    sha256: str


class Signer:
    """Signs with one access key and its secret. Thread-safe; holds the secret, so it has no repr of its fields."""

    def __init__(self, access_key: str, secret_key: str, region: str = REGION) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._derived: tuple[str, bytes] = ("", b"")

    def presign(
        self,
        method: str,
        host: str,
        path: str,
        query: dict[str, str],
        at: datetime,
        seconds: int,
        body: Body | None = None,
    ) -> str:
        """The query string, signature included, that lets `method` on `path` through for `seconds` after `at` (UTC).

        `path` is given as it is sent, that is, encoded already; `query` is not encoded yet. With `body` it is let
        through with that alone.
        """
        stamp = f"{at:%Y%m%dT%H%M%SZ}"
        headers = {"content-length": str(body.size)} if body else {}
        names = ";".join((*headers, "host"))  # in the order of the alphabet
        fields = {
            **query,
            **({"X-Amz-Content-Sha256": body.sha256} if body else {}),
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": self._credential(stamp),
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": names,
        }
        encoded = "&".join(sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in fields.items()))
        lines = "".join(f"{name}:{value}\n" for name, value in {**headers, "host": host}.items())
        request = f"{method}\n{path}\n{encoded}\n{lines}\n{names}\n{body.sha256 if body else 'UNSIGNED-PAYLOAD'}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = f"{ALGORITHM}\n{stamp}\n{self._scope(stamp)}\n{digest}"
        return f"{encoded}&X-Amz-Signature={self._sign(stamp, to_sign)}"

    def form(self, conditions: Sequence[object], at: datetime, expires_at: datetime) -> dict[str, str]:
        """The fields of a form that storage accepts under `conditions` (of a POST policy) until `expires_at` (UTC)."""
        stamp = f"{at:%Y%m%dT%H%M%SZ}"
        fields = {
            "x-amz-algorithm": ALGORITHM,
            "x-amz-credential": self._credential(stamp),
            "x-amz-date": stamp,
        }
        policy = {
            "expiration": f"{expires_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "conditions": [*conditions, *({name: value} for name, value in fields.items())],
        }
        encoded = base64.b64encode(json.dumps(policy, separators=(",", ":")).encode()).decode()
        return {**fields, "policy": encoded, "x-amz-signature": self._sign(stamp, encoded)}

    def signed(self, fields: Mapping[str, str]) -> bool:
        """Whether the form with these `fields` has a policy that this key signed; compared in constant time."""
        stamp = fields.get("x-amz-date", "")
        if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp):
            return False
        if not _same(fields.get("x-amz-credential", ""), self._credential(stamp)):
            return False  # before a key is derived for a day that somebody made up
        return _same(fields.get("x-amz-signature", ""), self._sign(stamp, fields.get("policy", "")))

    def _credential(self, stamp: str) -> str:
        return f"{self._access_key}/{self._scope(stamp)}"

    def _sign(self, stamp: str, text: str) -> str:
        day, key = self._derived
        if day != stamp[:8]:
            key = f"AWS4{self._secret_key}".encode()
            for part in self._scope(stamp).split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            # One assignment of a pair: a thread sees either the old day with its key, or the new one.
            self._derived = (stamp[:8], key)
        return hmac.digest(key, text.encode(), "sha256").hex()

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self._region}/s3/aws4_request"


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(), ours.encode())
