"""Requests letter by letter: signed truly or not, in ways that no client signs them."""

import base64
import hmac
import http.client
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from minio.credentials import Credentials
from minio.signer import sign_v4_s3, sign_v4_sts

from storage.keys import Key
from storage.signing import REGION, Signer
from tests.others.conftest import NAME, House

NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def of_edge(self) -> bool:
        """Whether storage was never asked."""
        return "x-amz-request-id" not in self.headers


def send(
    house: House, method: str, target: str, headers: Mapping[str, str] | list[tuple[str, str]], body: bytes = b""
) -> Answer:
    """The answer to a request sent as it is given: no client tidies its path up."""
    if house.trust:
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            NAME, house.port, timeout=20, context=house.trust
        )
    else:
        connection = http.client.HTTPConnection(NAME, house.port, timeout=20)
    with closing(connection):
        connection.putrequest(method, target, skip_accept_encoding=True)
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        if (body or method in ("PUT", "POST")) and "Transfer-Encoding" not in dict(pairs):
            pairs.append(("Content-Length", str(len(body))))
        for name, value in pairs:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def link(house: House, key: Key, method: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """A link that is signed with `key`, right or wrong, for the Host of this listener."""
    fields = Signer(*key).presign(method, f"{NAME}:{house.port}", path, dict(query or {}), datetime.now(UTC), 600)
    return f"{path}?{fields}"


def old_signature(key: Key, method: str, path: str, expires: int) -> str:
    """The signature of version 2 that is in a link: "Signing and authenticating REST requests", Amazon S3 API."""
    text = f"{method}\n\n\n{expires}\n{path}"
    return quote(base64.b64encode(hmac.digest(key.secret.encode(), text.encode(), "sha1")).decode(), safe="")


def old_link(key: Key, method: str, path: str) -> str:
    expires = int(time.time()) + 600
    signature = old_signature(key, method, path, expires)
    return f"{path}?AWSAccessKeyId={key.access}&Signature={signature}&Expires={expires}"


def signed(
    house: House,
    key: Key,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    sha256: str = NO_BODY,
    sts: bool = False,
) -> dict[str, str]:
    """The headers of a request to `target` (path and query) that are signed with `key`, `headers` among them."""
    now = datetime.now(UTC)
    host = f"{NAME}:{house.port}"
    fixed = {"Host": host, "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}", "x-amz-content-sha256": sha256}
    made = (sign_v4_sts if sts else sign_v4_s3)(
        method=method,
        url=urlsplit(f"http://{host}{target}"),
        region=REGION,
        headers={**(headers or {}), **fixed},
        credentials=Credentials(*key),
        content_sha256=sha256,
        date=now,
    )
    return {name: str(value) for name, value in made.items() if name != "Host"}
