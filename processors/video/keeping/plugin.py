"""Plug-ins of encoders: other words for how pictures are encoded than those of `encoders.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from processors.brought import Brought
from processors.calls import Hangs, Stuck
from processors.named import installed as found
from processors.named import pick, settings_of
from processors.video.codec import Codec
from processors.video.keeping.dictation import against
from processors.video.keeping.order import Order

GROUP = "darkroom.encoders"


class Misspoken(Exception):
    """What a plug-in says can't be handed to ffmpeg, or it says nothing. Says why."""


@dataclass(frozen=True)
class Encoder:
    """settings, seconds: see `Named`. codecs: those it has words for.

    words: ffmpeg's for the pictures of an order, as ("-c:v", "libx265", "-crf", "20"): a pure function; what it may say
    is a closed list, `dictation.py`. Size and form of samples, threads and keyframes are set behind it.
    """

    name: str
    settings: type[msgspec.Struct]
    codecs: tuple[Codec, ...]
    words: Callable[[Order, Any], Sequence[str]]
    seconds: float = 10.0


def installed() -> Mapping[str, Brought[Encoder]]:
    """By their names. Raises BadPlugin."""
    return found(GROUP, Encoder, _against)


def dictated(order: Order, name: str, given: Mapping[str, Any]) -> Order:
    """The same order with the words of this plug-in.

    Raises Misspoken, whatever the plug-in does; Stuck, NoSuchPlugin, BadSettings and BadPlugin.
    """
    plugin, _, calls = pick(name, installed(), "encoder")
    settings = settings_of(plugin, given)
    if order.codec not in plugin.codecs:
        raise Misspoken(f"the encoder {name} makes no {order.codec.value}")
    try:
        words = calls.call(plugin.seconds, lambda: tuple(plugin.words(order, settings)))
    except Stuck as error:
        raise Stuck(f"the encoder {name} {error}") from None
    except Hangs as error:
        raise Misspoken(f"the encoder {name} {error}") from None
    except Exception as error:
        raise Misspoken(f"the encoder {name} failed: {type(error).__name__}: {error}") from error
    if why := against(order.codec, words):
        raise Misspoken(f"the encoder {name} says what it may not: {why}")
    return replace(order, words=words)


def _against(one: Encoder) -> str:
    if not one.codecs or not all(isinstance(codec, Codec) for codec in one.codecs):
        return "its codecs need to be some of processors.video.codec.Codec"
    return "" if callable(one.words) else "its words can't be called"
