"""The limits that settings give to everybody who has none of their own."""

from collections.abc import Mapping

import msgspec

from appliance.config import Config, Settings

SCOPES = ("project", "user", "address")
OWN_ONLY = ("chat",)  # scopes that have no limits but those that are set for one of them


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most a scope may have: open uploads, files, bytes of originals, requests a minute. 0 is no limit."""

    slots: int | None = None
    files: int | None = None
    bytes: int | None = None
    requests: int | None = None


def defaults(config: Config) -> dict[str, Limits]:
    """Scope → limits, as the settings say."""
    names = Limits.__struct_fields__
    told = {scope: Limits(**{name: getattr(config, f"{scope}_{name}") for name in names}) for scope in SCOPES}
    return told | {scope: Limits(**dict.fromkeys(names, 0)) for scope in OWN_ONLY}


def of_slots(limits: Mapping[str, Limits]) -> str:
    """The same as JSON for the ledger: scope → [slots, files, bytes]."""
    return msgspec.json.encode({scope: [own.slots, own.files, own.bytes] for scope, own in limits.items()}).decode()


class Defaults:
    """The limits as they are now. They are asked for with every request, and made anew when settings change."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made_of: Config | None = None
        self._limits: dict[str, Limits] = {}
        self._slots = ""

    def limits(self) -> Mapping[str, Limits]:
        """Scope → limits."""
        self._refresh()
        return self._limits

    def slots(self) -> str:
        """As the ledger takes them."""
        self._refresh()
        return self._slots

    def _refresh(self) -> None:
        now = self._settings.now
        if now is not self._made_of:
            self._made_of, self._limits = now, defaults(now)
            self._slots = of_slots(self._limits)
