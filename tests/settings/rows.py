"""A table of settings with what ours has none of yet: a secret one, and one of each kind."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.config import Config
from appliance.settings.casts import Unit
from appliance.settings.declared import live

# ruff: noqa: RUF009 - `live` makes dataclass fields


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Rows(Config):
    mail_password: str = live("", "the password of a server for mail", secret=True)
    bundles: bool = live(True, "whether files are bundled")
    colour: Colour = live(Colour.RED, "the colour of all")
    headers: dict[str, Any] = live({}, "what else is told")
    sizes: list[Any] = live([], "boxes of versions")
    networks: tuple[str, ...] = live((), "networks that are let in")
    pause: float = live(1.0, "a pause", least=0.5, most=60, unit=Unit.SECONDS)
    room: int = live(0, "bytes that are left free", least=0, unit=Unit.BYTES)
