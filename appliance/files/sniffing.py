"""What a file is by its beginning, asked before it is taken."""

from appliance.config import Config, Sandboxing
from appliance.errors import BadRequest, Unavailable, WrongFormat
from appliance.logs import log
from processors.profile import Profile
from processors.profiles import FAMILIES, profile_of, suggested
from processors.refusals import Code, Refused
from processors.sandbox.errors import SandboxError
from processors.sandbox.sandbox import Sandbox


class Sniffer:
    """A sandbox of this process's own, started by the first who asks."""

    def __init__(self, config: Config) -> None:
        labels, weak = ("--data", str(config.data), "--lane", "sniffing"), config.sandbox is Sandboxing.WEAK
        self._sandbox = Sandbox(labels, max_bytes=1 << 30, weak=weak, role="sniffer")

    async def profile(self, head: bytes, filename: str) -> Profile:
        """Whose rules a file with this beginning (SNIFFED_BYTES, if it has so many) falls under. Its name counts only
        where a container or a text may be several kinds of document.

        Raises BadRequest for an empty one, WrongFormat, and Unavailable.
        """
        try:
            found = await self._sandbox.sniff(head)
            hinted = suggested(filename) if found in FAMILIES or found.startswith("text/") else None
            of_content = profile_of(found)
            return hinted if hinted and hinted.lane == of_content.lane else of_content
        except Refused as refused:
            if refused.code == Code.EMPTY:
                raise BadRequest(refused.message, file="1 byte or more") from None
            raise WrongFormat(refused.message) from None
        except SandboxError as error:
            log.error("a file's kind can't be told", why=str(error))
            raise Unavailable("Nobody can tell at the moment what kind of file this is; try again") from error

    async def close(self) -> None:
        """Ends the sandbox."""
        await self._sandbox.close()
