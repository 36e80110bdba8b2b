"""`/profiles`: sending in what is to be published, what became of it, and what everybody sees."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.config import Config
from appliance.errors import BadRequest, NotAllowed
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.profiles import editions, form, showing, uploads
from appliance.profiles.editions import Busy, Editions
from appliance.profiles.form import RawForm
from appliance.profiles.gates import Ground
from appliance.profiles.pipeline import Pipeline
from appliance.profiles.words import service as words
from appliance.public import linker
from storage.links import Links

MOST_A_PAGE = 100
Limit = Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)]
LIMITED, PUBLIC = {"limited": True}, {"public": True}


class ImageData(msgspec.Struct, forbid_unknown_fields=True):
    image_path: str


class VideoData(msgspec.Struct, forbid_unknown_fields=True):
    video_path: str


class LogoData(msgspec.Struct, forbid_unknown_fields=True):
    logo_path: str


class NewEdition(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be published. The paths are those that the uploads gave, or of media that the profile has."""

    profile_data: RawForm
    image_data: ImageData
    video_data: VideoData | None = None
    logo_data: LogoData | None = None

    @property
    def paths(self) -> dict[str, str]:
        """By role."""
        found = {"image": self.image_data.image_path}
        if self.video_data is not None:
            found["video"] = self.video_data.video_path
        if self.logo_data is not None:
            found["logo"] = self.logo_data.logo_path
        return found


def must_be_person(caller: Caller) -> str:
    """The user behind a token. Raises NotAllowed for everybody else."""
    if caller.person is None:
        raise NotAllowed("This needs a user's token: sign in with a wallet")
    return caller.person


async def _sent_in(data: NewEdition, user: str, moves: Editions, ground: Ground) -> UUID:
    """Raises BadRequest with every field that is not good, Busy and MediaGone."""
    checked = form.checked(data.profile_data, ground.settings.now)
    found = await words.judged(checked)
    if found.blocked:
        raise BadRequest("Some words can't be published", **found.fields)
    media = await uploads.claimed(user, data.paths, ground.settings.now)
    values = msgspec.to_builtins(checked)
    made = await moves.open(user, values, values.pop("hashtags"), found.flags, media)
    log.info("sent in", edition=str(made), user=user)
    await Pipeline(ground).advance(made)
    return made


@post("/profiles/", tags=["profiles"], opt=LIMITED, summary="Send in a profile to be published")
async def create(
    data: NewEdition,
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    editing: Editions,
    ground: Ground,
) -> Any:
    """All that is not good is said at once, a field each. It is paid, looked at by a moderator, and only then made."""
    user = must_be_person(caller)
    await _sent_in(data, user, editing, ground)
    return await showing.own(user, linker(request, config, links), config)
