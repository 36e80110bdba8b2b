"""The edge's second listener, for other programs of the house: S3 as they sign it, for keys made for them alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.signing import REGION
from storage.tenants import ACCESS, BUCKET, CLOSED

_EXPIRES = "Expires=[0-9]{1,12}"
_SIGNATURE = "Signature=(?:[A-Za-z0-9]|%2[BF]|%3D)+"
_FURTHER = "(?:response-[a-z-]+|versionId|partNumber|uploadId)=[^&;]*"

FULL = "full"
"""While a file of this name is in the listener's folder nothing can be written; reading and deleting go on."""


@dataclass(frozen=True)
class Listener:
    """Where other programs reach S3; what is behind it and how its names are certified is the edge's own."""

    bind: str
    port: int
    urls: Sequence[str]
    """Addresses as scheme://host[:port], all http or all https; links are good under the one they were signed for."""
    folder: Path
    """A folder of its own, for FULL."""


def values(listener: Listener) -> dict[str, str]:
    """What stands in `s3.template` for this listener alone: whom it lets in, and where to."""
    return {
        "bucket": BUCKET,
        "closed": "|".join(sorted(CLOSED)),
        "access": ACCESS,
        "old": f"{_SIGNATURE}&{_EXPIRES}",
        "older": f"{_EXPIRES}&{_SIGNATURE}",
        "further": _FURTHER,
        "credential": f"{ACCESS}/[0-9]{{8}}/{REGION}/s3/aws4_request",
        "full": FULL,
        "bind": listener.bind,
    }


def stranger(known: Sequence[str]) -> str:
    """The answer to a name that no certificate is for."""
    said = f"This server does not go by that name. Use {', '.join(known)}."
    return f'import s3_answer 421 InvalidRequest "{said}"'
