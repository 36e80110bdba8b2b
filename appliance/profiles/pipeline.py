"""Takes editions through the gates: any number of times, from any process, from wherever each stands."""

from uuid import UUID

from appliance.errors import NotFound, Unavailable
from appliance.ledger.database import fetch
from appliance.logs import log
from appliance.profiles import editions
from appliance.profiles.decisions import Leave, Pass, Wait
from appliance.profiles.editions import Edition
from appliance.profiles.gates import GATES, Gate, Ground
from appliance.profiles.states import ON_ITS_WAY, State

AT_ONCE = 50
# Whoever dies at it has it looked at again after so many seconds.
_DUE = """
UPDATE profile_editions SET look_at = now() + interval '30 seconds' WHERE id = ANY (ARRAY(
    SELECT e.id FROM profile_editions e WHERE e.look_at <= now() ORDER BY e.look_at LIMIT $1 FOR UPDATE SKIP LOCKED
)) RETURNING id
"""


def before(one: Edition) -> tuple[Gate, ...]:
    """The gates that an edition has to pass, or has to be through still."""
    paid_from = State.DRAFT if one.state == State.DRAFT else State.AWAITING_PAYMENT
    return tuple(gate for gate in GATES if ON_ITS_WAY.index(gate.state) >= ON_ITS_WAY.index(paid_from))


class Pipeline:
    """Asks the gates, and moves editions as they decide."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def look(self) -> int:
        """Takes on what is due, in any order; gives how much that was."""
        due = [row["id"] for row in await fetch(_DUE, AT_ONCE)]
        for edition_id in due:
            try:
                await self.advance(edition_id)
            except NotFound:
                continue  # deleted meanwhile
            except Unavailable:
                raise
            except Exception as error:  # one that can't be taken on holds up no other
                log.error("an edition could not be looked at", edition=str(edition_id), exc_info=error)
        return len(due)

    async def advance(self, edition_id: UUID) -> None:
        """Takes one as far as it gets now."""
        while (one := await editions.edition(edition_id)).state in ON_ITS_WAY and await self._step(one):
            pass

    async def _step(self, one: Edition) -> bool:
        """Asks the gates up to where an edition stands; whether it has gone on to the next. There they are asked anew,
        since what was good at one may have been undone meanwhile.
        """
        passed = ""
        for gate in before(one):
            if ON_ITS_WAY.index(gate.state) > ON_ITS_WAY.index(one.state):
                return await self._ground.editions.move(one, gate.state, passed)
            match await gate.asks(one, self._ground):
                case Pass(passed):
                    continue
                case Wait(reason) if gate.state != one.state:  # it was through that already
                    return await self._ground.editions.move(one, gate.state, reason)
                case Wait(reason, seconds):
                    await self._ground.editions.stay(one, reason, seconds)
                case Leave(state, reason):
                    await self._ground.editions.move(one, state, reason, seconds=None)
                    log.info("an edition leaves", edition=str(one.id), gate=gate.name, state=str(state))
            return False
        return False
