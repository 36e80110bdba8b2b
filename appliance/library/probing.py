"""Looking at a file of a library, in the sandbox: its facts, or why there are none."""

import os

from appliance.library.finding import unreadable
from appliance.library.outcomes import Found, Looked, Skip, Unreadable, Why
from processors.refusals import Refused
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.layers import Protection
from processors.video.keeping.looking import look_whole

# Nothing is waited for and no link is followed, should another thing have taken the place of what was found.
FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


async def look(found: Found, protection: Protection) -> Looked | Skip | Unreadable:
    """What the file says of itself. Raises SandboxWeak where nothing may be decoded here."""
    try:
        descriptor = os.open(found.path, FLAGS)
    except OSError as error:
        return unreadable(found.path, error)
    try:
        looked = await looked_into(descriptor, protection)
        now = os.fstat(descriptor)
    except Refused as refused:
        return Skip(Why.REFUSED, str(refused))
    except (SandboxDied, SandboxTimeout) as error:
        return Skip(Why.PROBE_FAILED, f"looking at it failed: {error}")
    except OSError as error:
        return unreadable(found.path, error)
    except ValueError:
        return Skip(Why.SPECIAL, "it is no regular file any more")
    finally:
        os.close(descriptor)
    if (now.st_size, now.st_mtime_ns) != (found.size, found.mtime_ns):
        return Skip(Why.UNSETTLED, "it was written to while it was looked at")
    return looked


async def looked_into(descriptor: int, protection: Protection) -> Looked:
    """The same of a file that is open. Raises as `probe` and `take_inventory` do."""
    return Looked(*await look_whole(descriptor, protection))
