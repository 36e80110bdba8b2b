"""`/profiles`: sending in what is to be published, what became of it, and what everybody sees."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.logs import log
from appliance.profiles import editions, hashtags, pages
from appliance.profiles.editions import BY_OPERATOR, BY_OWNER, Editions
from appliance.profiles.entrance import Entrance
from appliance.profiles.form import RawForm
from appliance.profiles.showing import Views, views

MOST_A_PAGE = 100
Limit = Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)]
LIMITED, PUBLIC = {"limited": True}, {"public": True}
ONE = "/profiles/{profile_id:uuid}"


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


@post("/profiles/", tags=["profiles"], opt=LIMITED, summary="Send in a profile to be published")
async def create(data: NewEdition, caller: Caller, entrance: Entrance, views: Views) -> Any:
    """All that is not good is said at once, a field each. It is paid, looked at by a moderator, and only then made."""
    user = caller.must_be_user()
    await entrance.take(user, data.profile_data, data.paths)
    return await views.own(user)


@put(
    ONE, tags=["profiles"], opt=LIMITED, status_code=200, summary="Send in a change; what is published stays meanwhile"
)
async def change(profile_id: UUID, data: NewEdition, caller: Caller, entrance: Entrance, views: Views) -> Any:
    """As a whole, through the same gates. It takes the place of what is published in one moment."""
    user = caller.must_be_user()
    await editions.own(profile_id, caller)
    await entrance.take(user, data.profile_data, data.paths)
    return await views.own(user)


@get("/profiles/mine", tags=["profiles"], opt=LIMITED, summary="One's own profile, and what is on its way")
async def mine(caller: Caller, views: Views) -> Any:
    return await views.own(caller.must_be_user())


@get("/profiles/", tags=["profiles"], opt=PUBLIC, summary="Published profiles, the newest first; by hashtag")
async def list_profiles(
    views: Views, limit: Limit = 20, hashtag: str | None = None, cursor: str = ""
) -> dict[str, Any]:
    """Give `next_cursor` as `cursor` to go on; it is null on the last page."""
    name = None if hashtag is None else hashtags.normal(hashtag)
    found, following = await editions.published(name, pages.read(cursor) if cursor else pages.LAST, limit)
    told = await views.everybodys(found)
    return {"profiles": told, "next_cursor": pages.written(*following) if following else None}


@get(ONE, tags=["profiles"], opt=PUBLIC, summary="A published profile")
async def read(profile_id: UUID, views: Views) -> Any:
    [told] = await views.everybodys([await editions.shown(profile_id)])
    return told


@delete(ONE, tags=["profiles"], opt=LIMITED, summary="Delete a profile with all its media")
async def remove(profile_id: UUID, caller: Caller, moves: Editions) -> None:
    """Its owner's, and a server's to do."""
    await editions.own(profile_id, caller)
    await moves.remove(profile_id)
    log.info("deleted", profile=str(profile_id))


@delete(f"{ONE}/edition", tags=["profiles"], opt=LIMITED, summary="Take back what is on its way")
async def withdraw(profile_id: UUID, caller: Caller, moves: Editions) -> None:
    """What is published stays. Twice is harmless."""
    await editions.own(profile_id, caller)
    await moves.withdraw(profile_id, BY_OWNER if caller.owner is not None else BY_OPERATOR)


router = Router(
    "/",
    route_handlers=[create, change, mine, list_profiles, read, remove, withdraw],
    dependencies={"views": Provide(views)},
)
