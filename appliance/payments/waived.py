"""No payment: the operator has set that none is asked for."""

from appliance.config import Config
from appliance.payments.provider import Terms, Unset
from appliance.payments.settings import ProviderName


class Waived:
    """Whatever comes by is let through, and the row of it says that it was the settings which did so."""

    name = ProviderName.NONE

    def terms(self, config: Config) -> Terms | Unset:
        return Terms(waived=True)
