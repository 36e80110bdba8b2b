"""What a gate says of an edition, as a value: it may pass, it has to wait, or it goes elsewhere."""

from typing import NamedTuple

from appliance.profiles.states import State


class Pass(NamedTuple):
    """On to the next gate; with a `reason` where that is not a matter of course, for the history."""

    reason: str = ""


class Wait(NamedTuple):
    """Stay, for this `reason`. `seconds`: after which to ask again; None: somebody has to do something first."""

    reason: str
    seconds: float | None = None


class Leave(NamedTuple):
    """Not through here: to this `state`, for this `reason`."""

    state: State
    reason: str


Decision = Pass | Wait | Leave
