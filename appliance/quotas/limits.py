"""The limits that settings give to everybody who has none of their own."""

import msgspec

from appliance.config import Config

SCOPES = ("project", "user", "address")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most a scope may have: open uploads, files, bytes of originals, requests a minute. 0 is no limit."""

    slots: int | None = None
    files: int | None = None
    bytes: int | None = None
    requests: int | None = None


def defaults(config: Config) -> dict[str, Limits]:
    """Scope → limits, as the settings say."""
    return {
        scope: Limits(**{name: getattr(config, f"{scope}_{name}") for name in Limits.__struct_fields__})
        for scope in SCOPES
    }


def of_slots(limits: dict[str, Limits]) -> str:
    """The same as JSON for the ledger: scope → [slots, files, bytes]."""
    return msgspec.json.encode({scope: [own.slots, own.files, own.bytes] for scope, own in limits.items()}).decode()
