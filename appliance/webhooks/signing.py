"""The signature of a webhook, and the secret it is made with: https://www.standardwebhooks.com (version 1).

A message is signed with HMAC-SHA256 over `id.timestamp.body`, so that neither can be changed nor an old one be sent
again as new: whoever verifies refuses a timestamp that is more than some minutes off, and an id seen before.
"""

import binascii
import secrets
from base64 import b64decode, b64encode
from hashlib import sha256
from hmac import digest

from appliance.errors import BadRequest

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


def decoded(secret: str) -> bytes:
    """The key that `secret` writes: `whsec_` and 24 to 64 bytes in base64. Raises BadRequest, never showing it."""
    problem = BadRequest("The secret is not valid", secret=f"{PREFIX} and {SHORTEST} to {LONGEST} bytes in base64")
    if not secret.startswith(PREFIX):
        raise problem
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise problem from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise problem
    return key


def headers(secret: str, identity: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message: its id, its time in Unix seconds, its signature."""
    signed = digest(decoded(secret), f"{identity}.{timestamp}.".encode() + body, sha256)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{b64encode(signed).decode()}",
    }
