"""Signatures: a size that is not listed, and a picture for a reader without a token, such as an <img> of a page.

A key is an owner's, and follows from the server's secret: who has it signs without asking. A signature is
`EXPIRES.MAC`: the Unix time until which it is good, and HMAC-SHA256, in base64url without padding, over

    FILE_ID|W|H|FIT|FORMAT|Q|EXPIRES

where a parameter that the address does not have is 0, `inside` or `auto`.
"""

import base64
import hashlib
import hmac
import time
from uuid import UUID

from appliance.accounts.whose import Whose
from appliance.renders.errors import BadSignature
from appliance.renders.parameters import Wish


class Signatures:
    """Makes and checks them. `secret`: of the whole appliance."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def key(self, owner: Whose) -> str:
        """The key of one owner's files, 64 hex digits."""
        return hmac.digest(self._secret, f"render {owner.root}/{owner.id}".encode(), "sha256").hex()

    def sign(self, owner: Whose, file: UUID, wish: Wish, expires: int) -> str:
        """A signature that is good until the Unix time `expires`."""
        told = "|".join(map(str, (file, *wish, expires)))
        digest = hmac.digest(self.key(owner).encode(), told.encode(), hashlib.sha256)
        return f"{expires}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    def check(self, owner: Whose, file: UUID, wish: Wish, signature: str) -> int:
        """Until when `signature` is good, as Unix time. Raises BadSignature."""
        expires, _, _ = signature.partition(".")
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 11):
            raise BadSignature
        right = self.sign(owner, file, wish, int(expires))
        if not hmac.compare_digest(right.encode(), signature.encode()) or int(expires) < time.time():
            raise BadSignature
        return int(expires)
