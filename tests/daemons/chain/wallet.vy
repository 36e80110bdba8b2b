# pragma version 0.4.3
"""
A wallet that is a contract, for tests: its owner signs for it (EIP-1271), with a signature of 65 bytes.
"""

owner: immutable(address)
VALID: constant(bytes4) = 0x1626ba7e
REFUSED: constant(bytes4) = 0xffffffff


@deploy
def __init__(_owner: address):
    owner = _owner


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[65]) -> bytes4:
    r: uint256 = convert(slice(signature, 0, 32), uint256)
    s: uint256 = convert(slice(signature, 32, 32), uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    return VALID if ecrecover(digest, v, r, s) == owner else REFUSED
