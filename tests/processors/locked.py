"""Encrypting PDF files made by hand: the standard handler with RC4 of 40 bits (ISO 32000-1, 7.6.3)."""

import hashlib

from tests.processors.papers import FIRST, paper

PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
IDENTITY = b"0123456789abcdef"
PERMITTED = -4


def locked(content: str, user: bytes, owner: bytes = b"owner") -> bytes:
    """A page of `content` that needs the `user` password, which may be empty, to be opened."""
    for_owner = rc4(hashlib.md5(padded(owner)).digest()[:5], padded(user))
    secret = padded(user) + for_owner + PERMITTED.to_bytes(4, "little", signed=True) + IDENTITY
    key = hashlib.md5(secret).digest()[:5]
    of_object = hashlib.md5(key + (FIRST + 1).to_bytes(3, "little") + bytes(2)).digest()[:10]
    handler = f"/Filter/Standard/V 1/R 2/P {PERMITTED}/O<{for_owner.hex()}>/U<{rc4(key, PADDING).hex()}>"
    return paper(
        rc4(of_object, content.encode()),
        trailer=f"/Encrypt 100000 0 R/ID[<{IDENTITY.hex()}><{IDENTITY.hex()}>]",
        more={100_000: f"<<{handler}>>"},
    )


def padded(password: bytes) -> bytes:
    return (password + PADDING)[:32]


def rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
