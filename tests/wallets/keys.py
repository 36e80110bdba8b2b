"""Wallets of the tests' own: a key, its address, and what it signs."""

import secrets

from eth_keys import keys

from appliance.accounts.addresses import checksummed
from appliance.accounts.signatures import digest

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Wallet:
    def __init__(self) -> None:
        self._key = keys.PrivateKey(secrets.token_bytes(31).rjust(32, b"\1"))
        self.address = checksummed(self._key.public_key.to_address())

    def sign(self, message: str) -> str:
        """As wallets write it: r, s, and v of 27 or 28."""
        made = self._key.sign_msg_hash(digest(message))
        return f"0x{made.r:064x}{made.s:064x}{made.v + 27:02x}"

    def sign_twisted(self, message: str) -> str:
        """The other signature that is good wherever the first one is, which needs no key to be made of it."""
        made = self._key.sign_msg_hash(digest(message))
        return f"0x{made.r:064x}{ORDER - made.s:064x}{28 - made.v:02x}"
