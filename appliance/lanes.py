"""How many jobs the workers of a lane may have under way: settings, which each lane has two of.

`{lane}_paused`: nothing is begun with. `{lane}_at_once`: of each worker process; 0 is what it was started with.
"""

from appliance.config import Config, Settings
from appliance.queue import IMAGES, Limit


def paused_key(lane: str) -> str:
    """The setting that stops a lane."""
    return f"{lane}_paused"


def at_once_key(lane: str) -> str:
    """The setting that says how many jobs a worker process has under way."""
    return f"{lane}_at_once"


def paused(config: Config, lane: str) -> bool:
    return bool(getattr(config, paused_key(lane), False))


def wished(config: Config, lane: str) -> int:
    """What was set for a lane; 0 where that is left to how the workers were started."""
    return int(getattr(config, at_once_key(lane), 0))


def most(config: Config, lane: str) -> int:
    """Jobs that a worker process of the lane may have under way, were it not paused. A video keeps every core busy that
    it may; a photo's worker decodes one while it moves the bytes of another.
    """
    return wished(config, lane) or (config.jobs_in_flight if lane == IMAGES else 1)


def limit(settings: Settings, lane: str) -> Limit:
    """Asked each time, by the worker's loop."""

    def now() -> int:
        config = settings.now
        return 0 if paused(config, lane) else most(config, lane)

    return now
