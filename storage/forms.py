"""What storage asks of an upload form, for an S3 that takes none: the policy and its signature, checked here.

Source: "Creating a POST policy" in the Amazon S3 API reference. Only the conditions that our own forms have are known.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.endpoint import Endpoint
from storage.layout import ORIGINALS
from storage.signing import ALGORITHM, Signer

UNSIGNED = ("policy", "x-amz-signature")


class FormRefused(Exception):
    """The form is not one that may be sent now, or its file is not as was signed. `code` is what S3 calls it."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a good form lets through: one file of `least` to `most` bytes, under `key` in ORIGINALS."""

    key: str
    least: int
    most: int

    def check(self, size: int, ended: bool) -> None:
        """Raises FormRefused for a file that has `size` bytes so far, or in all."""
        if size > self.most:
            raise FormRefused("EntityTooLarge", "The file is larger than was allowed", 400)
        if ended and size < self.least:
            raise FormRefused("EntityTooSmall", "The file is smaller than was allowed", 400)


def allowed(fields: Mapping[str, str], signer: Signer, endpoint: Endpoint, now: datetime | None = None) -> Allowed:
    """What the form with these `fields`, its file aside, lets through. Pure but for the time. Raises FormRefused."""
    if fields.get("x-amz-algorithm") != ALGORITHM or not signer.signed(fields):
        raise FormRefused("SignatureDoesNotMatch", "The form was not signed by this server")
    policy = json.loads(base64.b64decode(fields["policy"]))
    if datetime.fromisoformat(policy["expiration"]) <= (now or datetime.now(UTC)):
        raise FormRefused("AccessDenied", "The form has run out")
    exact, sizes = _conditions(policy["conditions"])
    given = {**fields, "bucket": endpoint.bucket_of(ORIGINALS)}
    if any(given.get(name) != value for name, value in exact.items()) or given.keys() - exact.keys() - {*UNSIGNED}:
        raise FormRefused("AccessDenied", "The fields of the form are not those that were signed")
    return Allowed(endpoint.ours(ORIGINALS, fields["key"]), *sizes)


def _conditions(conditions: list[dict[str, str] | list[str | int]]) -> tuple[dict[str, str], tuple[int, int]]:
    exact: dict[str, str] = {}
    sizes = (1, 0)
    for condition in conditions:
        if isinstance(condition, dict):
            exact |= condition
        elif condition[0] == "content-length-range":
            sizes = int(condition[1]), int(condition[2])
        else:
            raise FormRefused("AccessDenied", "The form has a condition that is not known here")
    return exact, sizes
