"""Which addresses a webhook may be sent to: public ones, and networks that the operator has allowed.

The tables follow the IANA IPv4 and IPv6 Special-Purpose Address Registries and, for multicast and what is reserved,
the Address Space Registries. Written out, since what Python calls global has changed between its releases.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from appliance.errors import BadConfiguration

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_PUBLIC_V4 = tuple(
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
PUBLIC_V6 = IPv6Network("2000::/3")  # all of global unicast; loopback, link-local, unique local, multicast are outside
NOT_PUBLIC_V6 = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")  # Teredo is in the first, 6to4 the third
)
WRAPPING = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))  # IPv4-mapped, and NAT64's well-known prefix


def unwrapped(address: Address) -> Address:
    """The IPv4 address that packets to `address` end at, where it is one in IPv6's clothes; else `address` itself."""
    if isinstance(address, IPv6Address) and any(address in network for network in WRAPPING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def public(address: Address) -> bool:
    """Whether `address` is one of the Internet at large."""
    address = unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_V4)
    return address in PUBLIC_V6 and not any(address in network for network in NOT_PUBLIC_V6)


class Reach:
    """What may be reached: everything public, and the networks in `allow`. Raises BadConfiguration for a bad one."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._allow = [_network(text) for text in allow]

    def permits(self, host: str) -> bool:
        """Whether a connection may be made to `host`, an address in figures, perhaps with a zone. Raises ValueError."""
        address = unwrapped(ip_address(host))
        return public(address) or any(address in network for network in self._allow)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise BadConfiguration(f"DARKROOM_WEBHOOK_ALLOW: {error}") from error
