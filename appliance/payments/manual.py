"""Payment that an operator marks as made."""

from appliance.config import Config
from appliance.payments.provider import Terms, Unset
from appliance.payments.settings import ProviderName, smallest


class Manual:
    """Says what is to be paid, where that is set, and knows nothing of what was."""

    name = ProviderName.MANUAL

    def terms(self, config: Config) -> Terms | Unset:
        """As the settings are now; the amount is for people to read."""
        decimals = config.payment_token_decimals
        try:
            amount = smallest(config.payment_amount or "0", decimals)
        except ValueError as error:
            return Unset(f"payment_amount {error}")
        return Terms(symbol=config.payment_token_symbol, decimals=decimals, amount=amount)
