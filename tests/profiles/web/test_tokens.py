"""A profile that is paid for in a token: the wallet calls its contract."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.daemons.anvil import Anvil
from tests.profiles.conftest import RECIPIENT
from tests.profiles.web.author import Author
from tests.profiles.web.wallet import BrowserWallet
from tests.stack import Stack

pytestmark = pytest.mark.long

PRICE = {"payment_token_decimals": 6, "payment_token_symbol": "TST", "payment_amount": "1.5"}
BALANCE_OF = "0x70a08231"  # balanceOf(address)


@pytest.fixture
def token(paying: Stack, chain: Anvil, wallet: BrowserWallet) -> Iterator[str]:
    """All there is of it is the wallet's; what publishing costs is asked for in it."""
    made = chain.token(wallet.account)
    settings = {"payment_token": made, **PRICE}
    with httpx.Client(base_url=f"{paying.url}/settings", headers={"Authorization": f"Bearer {paying.key}"}) as api:
        for key, value in settings.items():
            assert api.put(f"/{key}", json={"value": value}).status_code == 200
        yield made
        for key in settings:
            assert api.delete(f"/{key}").status_code == 204


async def test_a_token_is_paid_with_by_its_contract(token: str, nina: Author, chain: Anvil, portrait: Path) -> None:
    await nina.write()
    await nina.choose("image", portrait)
    await nina.there("image")
    await nina.send_in()
    await expect(nina.page.locator("#pay-amount")).to_have_text("1.5 TST")
    await nina.pay()
    asked = {"to": token, "data": f"{BALANCE_OF}{RECIPIENT[2:].lower():0>64}"}
    assert int(chain.ask("eth_call", asked, "latest"), 16) == 1_500_000
