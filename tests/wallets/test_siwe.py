"""The message of EIP-4361: what is one, and what each of its lines lets in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.accounts import siwe
from appliance.accounts.addresses import checksummed, keccak, read
from appliance.accounts.signatures import digest, signer
from tests.wallets.keys import Wallet

pytestmark = pytest.mark.pure

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
URL = "https://darkroom.example:8443"
ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
# The example of the EIP itself.
EXAMPLE = f"""\
https://example.com wants you to sign in with your Ethereum account:
{ADDRESS}

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""


def message(**more: Any) -> siwe.Message:
    said = {"domain": "darkroom.example:8443", "address": ADDRESS, "uri": URL + "/", "chain_id": 1}
    said |= {"nonce": "a" * 32, "issued_at": NOW, "expires_at": NOW + timedelta(minutes=10)}
    return siwe.Message(**said | more)


def test_the_example_of_the_standard_is_read() -> None:
    found = siwe.parsed(EXAMPLE)
    assert (found.scheme, found.domain, found.address) == ("https", "example.com", ADDRESS)
    assert (found.uri, found.chain_id, found.nonce) == ("https://example.com/login", 1, "32891756")
    assert found.issued_at == datetime(2021, 9, 30, 16, 25, 24, tzinfo=UTC)
    assert found.expires_at is None


def test_what_we_write_is_read_as_what_it_says() -> None:
    assert siwe.parsed(message().written()) == message()
    assert siwe.parsed(message(address=ADDRESS.lower()).written()) == message()


def test_the_statement_may_be_left_out_and_times_may_be_of_any_zone() -> None:
    bare = EXAMPLE.replace("I accept the ExampleOrg Terms of Service: https://example.com/tos\n", "")
    assert siwe.parsed(bare).nonce == "32891756"
    told = siwe.parsed(EXAMPLE.replace("16:25:24Z", "18:25:24.5+02:00\nNot Before: 2021-10-01T00:00:00Z"))
    assert told.issued_at == datetime(2021, 9, 30, 16, 25, 24, 500000, tzinfo=UTC)
    assert told.not_before == datetime(2021, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE + "\n",
        "\n" + EXAMPLE,
        EXAMPLE.replace("\n", "\r\n"),
        EXAMPLE.replace("Version: 1", "Version: 2"),
        EXAMPLE.replace("Version: 1\n", ""),
        EXAMPLE.replace("Nonce: 32891756", "Nonce: 3289175"),
        EXAMPLE.replace("Nonce: 32891756", "Nonce: 3289-1756"),
        EXAMPLE.replace("Nonce:", "nonce:"),
        EXAMPLE.replace("Ethereum", "ethereum"),
        EXAMPLE.replace("Chain ID: 1", "Chain ID: \u0661"),
        EXAMPLE.replace("Chain ID: 1", "Chain ID: 0x1"),
        EXAMPLE.replace("example.com wants", "example.com\nevil.example wants"),
        EXAMPLE.replace("I accept", "I accept\nURI: https://evil.example"),
        EXAMPLE.replace("I accept", "I äccept"),
        EXAMPLE.replace("Chain ID: 1\nNonce: 32891756", "Nonce: 32891756\nChain ID: 1"),
        EXAMPLE.replace("Nonce: 32891756", "Nonce: 32891756\nNonce: 32891757"),
        EXAMPLE.replace("2021-09-30T16:25:24Z", "2021-09-31T16:25:24Z"),
        EXAMPLE.replace("2021-09-30T16:25:24Z", "2021-09-30T16:25:24"),
        EXAMPLE.replace(ADDRESS, ADDRESS[:-1]),
        EXAMPLE.replace("I accept", "I accept" + " " * siwe.MOST),
    ],
)
def test_whatever_else_is_no_message(text: str) -> None:
    with pytest.raises(ValueError, match=r"EIP-4361|day|range"):
        siwe.parsed(text)


def test_sixty_four_kilobytes_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="EIP-4361"):
        siwe.parsed("a" * 65536 + EXAMPLE)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""),
        ({"scheme": "https"}, ""),
        ({"uri": URL}, ""),
        ({"uri": URL + "/profiles/new"}, ""),
        ({"domain": "evil.example"}, "signed for evil.example"),
        ({"domain": "darkroom.example"}, "signed for darkroom.example,"),
        ({"domain": "DARKROOM.example:8443"}, "signed for DARKROOM"),
        ({"scheme": "http"}, "signed for"),
        ({"uri": "https://evil.example/"}, "URI"),
        ({"uri": URL + ".evil.example/"}, "URI"),
        ({"uri": URL + "@evil.example/"}, "URI"),
        ({"chain_id": 5}, "chain 5; choose chain 1"),
        ({"address": ADDRESS.lower()}, "checksum"),
        ({"address": "0x" + ADDRESS[2:].upper()}, "checksum"),
        ({"issued_at": NOW + timedelta(seconds=31)}, "not valid yet"),
        ({"issued_at": NOW + timedelta(seconds=29)}, ""),
        ({"not_before": NOW + timedelta(minutes=1)}, "not valid yet"),
        ({"expires_at": NOW}, "run out"),
        ({"expires_at": None}, "run out"),
    ],
)
def test_each_of_its_lines_is_bound_to_this_place_and_time(more: dict[str, Any], why: str) -> None:
    wrong = message(**more).wrong(URL, 1, NOW, 30)
    assert (why in wrong) if why else not wrong


def test_any_chain_is_good_where_none_is_set() -> None:
    assert not message(chain_id=137).wrong(URL, 0, NOW, 30)


def test_an_address_is_written_with_its_checksum() -> None:
    # The examples of EIP-55.
    for address in ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"):
        assert checksummed(address.lower()) == address
        assert read(address) == read(address.lower()) == address.lower()
        with pytest.raises(ValueError, match="one of its digits"):
            read(address[:-1] + address[-1].swapcase())
    assert keccak(b"").hex().startswith("c5d2460186f7233c")


def test_a_signature_is_its_signers_and_only_as_it_was_made() -> None:
    wallet, text = Wallet(), message().written()
    good = bytes.fromhex(wallet.sign(text)[2:])
    assert signer(digest(text), good) == wallet.address.lower()
    assert signer(digest(text), good[:64] + bytes([good[64] - 27])) == wallet.address.lower()  # as hardware writes it
    assert signer(digest(text + " "), good) != wallet.address.lower()
    for bad in (
        bytes.fromhex(wallet.sign_twisted(text)[2:]),
        good[:64] + b"\x1d",
        bytes(64) + b"\x1b",
        bytes(32) + good[32:],
        b"\xff" * 64 + b"\x1b",
        good[:64],
        good + b"\0",
    ):
        assert signer(digest(text), bad) is None
