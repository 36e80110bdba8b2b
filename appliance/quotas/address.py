"""The network address of a client: the edge's word alone, and kept only as a mark."""

import hmac
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from litestar.connection import ASGIConnection

_FORWARDED = "x-forwarded-for"
_DIGITS = 16
"""Of the mark, in hex: enough to tell addresses apart, and too short to be worth more."""


def address(connection: ASGIConnection) -> str | None:
    """The address of the client behind `connection`, of IPv6 its /64, which one customer has. None: this machine.

    The API listens on loopback, so whoever connects is the edge, or somebody on this machine who has no need to lie.
    The edge sets the header anew from the connection it has; of several values the last is its own.
    """
    said = connection.headers.getall(_FORWARDED, [])
    text = said[-1].rpartition(",")[2].strip() if said else ""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Address(int(found) >> 64 << 64))
        found = found.ipv4_mapped
    return str(found)


class Marks:
    """Makes the marks that addresses are counted by: one for each, and no way back without `secret`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def of(self, connection: ASGIConnection) -> str | None:
        """The mark of the client's address; None where there is none."""
        known = address(connection)
        return hmac.new(self._secret, f"address {known}".encode(), sha256).hexdigest()[:_DIGITS] if known else None
