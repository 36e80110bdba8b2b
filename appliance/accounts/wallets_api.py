"""`/wallet`: sign-in with Ethereum."""

import re
from datetime import UTC, datetime

import msgspec
from litestar import Request, Router, post

from appliance.accounts import addresses
from appliance.accounts.api import PAGE_SECONDS
from appliance.accounts.callers import Callers
from appliance.accounts.wallets import Wallets
from appliance.config import Config
from appliance.errors import BadRequest
from appliance.public import public_url
from appliance.quotas.gate import Gate

# Contracts' signatures may be long; there is no wallet whose are longer than this.
SIGNATURE = re.compile(r"0x(?:[0-9a-fA-F]{2}){65,4096}")


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """`chain_id`: the one that the wallet is at."""

    address: str
    chain_id: int | None = None


class Signed(msgspec.Struct, forbid_unknown_fields=True):
    """`message` as it was given, `signature` as wallets give it: 0x and hexadecimal digits."""

    message: str
    signature: str


class Challenge(msgspec.Struct):
    message: str
    nonce: str
    expires_at: datetime


class Session(msgspec.Struct):
    """A token for the user's own profile, and nothing else."""

    token: str
    expires_at: datetime
    user_id: str
    address: str


@post("/wallet/challenge", tags=["credentials"], opt={"public": True}, summary="What a wallet has to sign to be let in")
async def challenge(data: Wanted, request: Request, wallets: Wallets, config: Config) -> Challenge:
    """A message by EIP-4361, good for ten minutes and once, at the public address that it was asked for at."""
    try:
        address = addresses.read(data.address)
    except ValueError as error:
        raise BadRequest("The address is not valid", address=str(error)) from None
    if data.chain_id is not None and not 1 <= data.chain_id < 10**18:
        raise BadRequest("The chain is not valid", chain_id="a whole number above 0")
    return Challenge(*await wallets.challenge(public_url(request, config), address, data.chain_id))


@post("/wallet/login", tags=["credentials"], opt={"public": True}, summary="Turn a signed challenge into a token")
async def login(
    data: Signed, request: Request, wallets: Wallets, callers: Callers, config: Config, gate: Gate
) -> Session:
    """The user is found by the wallet's address, or made."""
    if not SIGNATURE.fullmatch(data.signature):
        raise BadRequest("The signature is not valid", signature="0x and an even number of hexadecimal digits")
    signature = bytes.fromhex(data.signature[2:])
    mark = gate.mark(request, server=False)
    owner, address = await wallets.let_in(public_url(request, config), data.message, signature, mark)
    token, ends = callers.token(owner, PAGE_SECONDS, limited=True)
    return Session(token, datetime.fromtimestamp(ends, UTC), owner.id, addresses.checksummed(address))


router = Router("/", route_handlers=[challenge, login])
