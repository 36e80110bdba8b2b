"""What a way of paying has to be able to say, and what a chain says of a payment."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from appliance.config import Config
from appliance.payments.settings import ProviderName


class Unset(NamedTuple):
    """Payment can't be asked for as the settings are; `why` names what is missing."""

    why: str


@dataclass(frozen=True)
class Terms:
    """What has to be paid. `waived`: nothing. `watched`: it is looked for, from its quote on."""

    chain_id: int | None = None
    recipient: str | None = None
    token: str | None = None
    symbol: str = ""
    decimals: int = 0
    amount: int = 0
    watched: bool = False
    waived: bool = False


@dataclass(frozen=True)
class Finding:
    """What is known of a payment now. `reason`: why it is not (yet) good, for who pays."""

    status: str
    reason: str = ""
    block: int | None = None
    block_hash: str | None = None
    confirmations: int = 0


class Provider(Protocol):
    """A way of paying."""

    name: ProviderName

    def terms(self, config: Config) -> Terms | Unset:
        """What has to be paid, by the settings as they are now."""
