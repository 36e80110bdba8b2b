"""Sign-in with Ethereum: the message that a wallet signs.

Format: https://eips.ethereum.org/EIPS/eip-4361. The expression below is its ABNF; nothing that is not in it is taken.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from appliance.accounts.addresses import checksummed

MOST = 4096  # characters; what we write has some 400
STATEMENT = "Sign in to your profile. This costs nothing, and pays nothing."

_UNRESERVED = r"A-Za-z0-9\-._~"
_RESERVED = r":/?#\[\]@!$&'()*+,;="
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_URI = rf"[A-Za-z][A-Za-z0-9+\-.]*:[{_UNRESERVED}{_RESERVED}%]*"
_MESSAGE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+\-.]*)://)?"
    rf"(?P<domain>[{_UNRESERVED}:\[\]@!$&'()*+,;=%]+) wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n"
    r"\n"
    rf"(?:(?P<statement>[{_UNRESERVED}{_RESERVED} ]+)\n)?"
    r"\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: (?P<version>1)\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,18})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,128})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expires_at>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    rf"(?:\nRequest ID: (?P<request_id>[{_UNRESERVED}:@!$&'()*+,;=%]*))?"
    rf"(?:\nResources:(?P<resources>(?:\n- {_URI})*))?"
)


class Message(NamedTuple):
    """What it says, of what counts here. The address is as it was written."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime | None = None
    not_before: datetime | None = None
    scheme: str | None = None

    def written(self) -> str:
        """The whole text, for a wallet to sign."""
        assert self.expires_at, "what we ask for runs out"
        return (
            f"{self.domain} wants you to sign in with your Ethereum account:\n{checksummed(self.address)}\n\n"
            f"{STATEMENT}\n\nURI: {self.uri}\nVersion: 1\nChain ID: {self.chain_id}\nNonce: {self.nonce}\n"
            f"Issued At: {_time(self.issued_at)}\nExpiration Time: {_time(self.expires_at)}"
        )

    def wrong(self, url: str, chain_id: int, now: datetime, leeway: float) -> str:
        """Why it lets nobody in at the address `url`; empty where all is well. `chain_id` 0 is any; leeway: seconds
        that the clock of whoever wrote it may be ahead.
        """
        scheme, _, domain = url.partition("://")
        if self.domain != domain or self.scheme not in (None, scheme):
            return f"The message was signed for {self.domain}, and not for this address"
        if not (self.uri + "/").startswith(url + "/"):
            return "The message was signed for another address (its URI) than this one"
        if chain_id and self.chain_id != chain_id:
            return f"The message was signed for chain {self.chain_id}; choose chain {chain_id} in the wallet"
        if self.address != checksummed(self.address):
            return "The address in the message is not written with its checksum (EIP-55)"
        ahead = now + timedelta(seconds=leeway)
        if self.issued_at > ahead or (self.not_before and self.not_before > ahead):
            return "The message is not valid yet"
        if self.expires_at is None or self.expires_at <= now:
            return "The message has run out; ask for a new one"
        return ""


def parsed(text: str) -> Message:
    """Raises ValueError for what is no such message, to the last character."""
    found = _MESSAGE.fullmatch(text) if len(text) <= MOST else None
    if found is None:
        raise ValueError("expected the message that was given to be signed (EIP-4361)")
    return Message(
        domain=found["domain"],
        address=found["address"],
        uri=found["uri"],
        chain_id=int(found["chain_id"]),
        nonce=found["nonce"],
        issued_at=datetime.fromisoformat(found["issued_at"]),
        expires_at=_at(found["expires_at"]),
        not_before=_at(found["not_before"]),
        scheme=found["scheme"],
    )


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
