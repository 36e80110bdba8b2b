"""Which layer's value counts. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from appliance.errors import BadConfiguration
from appliance.settings.casts import written
from appliance.settings.declared import Setting
from appliance.settings.tables import Layer

ORDER = (Layer.DATABASE, Layer.FILE, Layer.ENVIRONMENT)


class Resolved(NamedTuple):
    """The text that counts and where it is from; `refused`: layers above it whose text no release of today takes."""

    text: str
    layer: Layer
    refused: tuple[Layer, ...] = ()


def resolved(
    table: Mapping[str, Setting], layers: Mapping[Layer, Mapping[str, str]], secrets: bool = False
) -> dict[str, Resolved]:
    """By key: of the layers that say something valid the last counts. Only those that are no secret, or only those."""
    return {key: _of(one, layers) for key, one in table.items() if one.secret == secrets}


def _of(one: Setting, layers: Mapping[Layer, Mapping[str, str]]) -> Resolved:
    refused: list[Layer] = []
    for layer in ORDER:
        text = layers.get(layer, {}).get(one.key)
        if text is None:
            continue
        try:
            one.cast(text)
        except (ValueError, BadConfiguration):
            refused.append(layer)
            continue
        return Resolved(text, layer, tuple(refused))
    return Resolved(written(one.default), Layer.DEFAULT, tuple(refused))
