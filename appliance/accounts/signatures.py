"""Who signed a message with a wallet's key.

Format: https://eips.ethereum.org/EIPS/eip-191 (version 0x45) over ECDSA on secp256k1.
"""

from appliance.accounts.addresses import keccak

LENGTH = 65  # bytes: r, s, v
HALF = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""The largest s. With each signature another one is good that nobody signed, whose s is above."""


def digest(text: str) -> bytes:
    """What is signed of a message."""
    data = text.encode()
    return keccak(b"\x19Ethereum Signed Message:\n%d" % len(data) + data)


def signer(hashed: bytes, signature: bytes) -> str | None:
    """The address, in lower case, whose key made this signature; None where nobody's did. Takes some 15 ms of
    CPU, and the first time a second.
    """
    if len(signature) != LENGTH:
        return None  # perhaps a contract's
    # Only here, since it brings 30 MB that a process which lets nobody in by wallet does without.
    from eth_keys import keys
    from eth_keys.exceptions import BadSignature, ValidationError

    r, s, v = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64]
    if s > HALF or v not in (0, 1, 27, 28):
        return None
    try:
        recovered = keys.Signature(vrs=(v % 27, r, s)).recover_public_key_from_msg_hash(hashed)
    except (BadSignature, ValidationError, ValueError):
        return None
    return str(recovered.to_address())
