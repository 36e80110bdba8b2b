"""Which addresses are public: every class that is not, in every spelling that a socket takes."""

import pytest

from appliance.errors import BadConfiguration
from appliance.webhooks.addresses import Reach

pytestmark = pytest.mark.pure

PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"),
    *("198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450::1", "2003::1"),
    *("::ffff:1.1.1.1", "64:ff9b::8.8.8.8"),
]
PRIVATE = {
    "unspecified": ["0.0.0.0", "::", "0.1.2.3"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "unique local": ["fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    "site-local": ["fec0::1"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved and broadcast": ["240.0.0.1", "255.255.255.255"],
    "protocols": ["192.0.0.8", "192.0.0.170", "192.88.99.1", "2001:2::1", "2001:10::1", "100::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255"],
    "IPv4 in IPv6": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1"],
    "6to4 and Teredo": ["2002:7f00:1::", "2002:a00:1::1", "2002:101:101::1", "2001:0:4136:e378::1"],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert Reach([]).permits(address)


@pytest.mark.parametrize("kind", PRIVATE)
def test_none_that_is_not_public(kind: str) -> None:
    for address in PRIVATE[kind]:
        assert not Reach([]).permits(address), address


def test_what_the_operator_allows_and_nothing_beside_it() -> None:
    reach = Reach(["10.1.0.0/16", "fd00:1::/32", "192.168.7.7"])
    for address in ("10.1.0.1", "::ffff:10.1.2.3", "fd00:1::9", "192.168.7.7"):
        assert reach.permits(address), address
    for address in ("10.2.0.1", "127.0.0.1", "fd00:2::9", "192.168.7.8", "::ffff:10.2.0.1"):
        assert not reach.permits(address), address


@pytest.mark.parametrize("text", ["10.0.0.0/33", "internal", "10.1.2.3/16", ""])
def test_an_allowance_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadConfiguration, match="DARKROOM_WEBHOOK_ALLOW"):
        Reach([text])
