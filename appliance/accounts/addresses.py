"""Addresses of wallets and contracts: 20 bytes, written in hex. Here they are kept in lower case.

Format: https://eips.ethereum.org/EIPS/eip-55, whose letters' case is a checksum.
"""

import re

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def keccak(data: bytes) -> bytes:
    """The hash that Ethereum calls Keccak-256: SHA-3 as it was before it became a standard."""
    # Only here: the settings, which know what an address is, are also read where no packages are installed.
    from Crypto.Hash import keccak as sha3

    return sha3.new(data=data, digest_bits=256).digest()


def checksummed(address: str) -> str:
    """The same address as people see it."""
    digits = address[2:].lower()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(a.upper() if int(m, 16) >= 8 else a for a, m in zip(digits, marks, strict=False))


def read(text: str) -> str:
    """The address that `text` is, in lower case. Raises ValueError, also where its letters' case says it was mistyped.

    In one case throughout it says nothing: many programs write it so.
    """
    if not ADDRESS.fullmatch(text):
        raise ValueError("expected 0x and 40 hexadecimal digits")
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != checksummed(text):
        raise ValueError("expected an address whose upper and lower case fit (EIP-55): one of its digits is wrong")
    return text.lower()
