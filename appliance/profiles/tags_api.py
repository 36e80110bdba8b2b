"""`/hashtags`: what profiles are about, for everybody."""

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from appliance.errors import BadRequest
from appliance.profiles import hashtags, tags
from appliance.profiles.tags import Hashtag

MOST_A_PAGE = 200
_MOST_CURSOR = 100


class Hashtags(msgspec.Struct):
    hashtags: list[Hashtag]
    next_cursor: str | None


@get(
    "/hashtags/", tags=["profiles"], opt={"public": True}, summary="Hashtags of published profiles, the most used first"
)
async def list_hashtags(
    prefix: Annotated[str, Parameter(max_length=hashtags.MOST + 1)] = "",
    limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 50,
    cursor: Annotated[str, Parameter(max_length=_MOST_CURSOR)] = "",
) -> Hashtags:
    """`prefix`: how they begin, written in any way that means the same. Give `next_cursor` as `cursor` to go on; it is
    null on the last page.
    """
    found = await tags.popular(hashtags.normal(prefix), _after(cursor), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Hashtags(found[:limit], f"{last.profiles}:{last.name}" if last else None)


def _after(cursor: str) -> Hashtag | None:
    """Raises BadRequest."""
    if not cursor:
        return None
    profiles, _, name = cursor.partition(":")
    if not (profiles.isascii() and profiles.isdecimal() and len(profiles) <= 18 and name):
        raise BadRequest("This is no cursor", cursor="next_cursor of the page before")
    return Hashtag(name, int(profiles))


router = Router("/", route_handlers=[list_hashtags])
