"""What plug-ins have to say of a file that no rule keeps as it is: whatever they do is a value, within their time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec

from appliance.library.outcomes import Looked, Skip, Why
from appliance.library.plugins import Change, Leave, cut, deciders, said
from appliance.library.workflow import Use
from processors.brought import BadPlugin
from processors.calls import Hangs, Stuck
from processors.named import BadSettings, NoSuchPlugin, pick, settings_of
from processors.video.keeping.wishes import Wish


class Wished(NamedTuple):
    """reasons: of those who have changed it, for people."""

    wish: Wish
    reasons: tuple[str, ...] = ()


def asked(looked: Looked, wish: Wish, uses: Sequence[Use]) -> Wished | Skip:
    """The wish after each of them was asked, in their order; the first that has the file left as it is ends it."""
    reasons: list[str] = []
    for use in uses:
        told = _told(looked, wish, use)
        match told:
            case Skip():
                return told
            case Change():
                wish = _changed(wish, told)
                reasons.append(f"{use.name}: {cut(told.reason)}")
    return Wished(wish, tuple(reasons))


def _told(looked: Looked, wish: Wish, use: Use) -> Skip | Change | None:
    try:
        plugin, _, calls = pick(use.name, deciders(), "decider")
        told = calls.call(plugin.seconds, lambda: plugin.decide(looked, wish, settings_of(plugin, use.settings)))
        match told:
            case None:
                return None
            case Leave():
                return Skip(Why.PLUGIN, f"{use.name}: {cut(_valid(told).reason)}")
            case Change():
                return _valid(told)
        raise TypeError(f"it says {told!r}")
    except Stuck as error:
        return Skip(Why.STUCK, f"the decider {use.name} {error}")
    except Hangs as error:
        return Skip(Why.PLUGIN, f"the decider {use.name} {error}")
    except (NoSuchPlugin, BadSettings, BadPlugin) as error:
        return Skip(Why.PLUGIN, cut(str(error)))
    except Exception as error:
        return Skip(Why.PLUGIN, f"the decider {use.name} failed: {said(error)}")


def _valid(told: Any) -> Any:
    """The same. Raises ValidationError where it is not what its kind says: nobody has checked that before."""
    return msgspec.convert(msgspec.to_builtins(told), type(told))


def _changed(wish: Wish, told: Change) -> Wish:
    different = {
        name: value for name in ("codec", "bit_rate", "most_lines") if (value := getattr(told, name)) is not None
    }
    return replace(wish, **different)
