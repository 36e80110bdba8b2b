"""`/profiles/validate`: a form looked at before it is sent."""

import msgspec
from litestar import Router, post

from appliance.config import Config
from appliance.profiles import form
from appliance.profiles.entrance import looked_at
from appliance.profiles.form import Form, RawForm
from appliance.profiles.words.service import Finding


class Validated(msgspec.Struct):
    """The form normalised, and what in it a moderator will be shown first."""

    values: Form
    flags: list[Finding]


async def validated(raw: RawForm, most_hashtags: int) -> Validated:
    """Raises BadRequest, which names every field that is wrong, for its form or its words, and Unavailable."""
    found, findings, errors = await looked_at(raw, most_hashtags)
    if errors:
        raise form.unfit(errors)
    return Validated(found, findings.flags)


@post(
    "/profiles/validate",
    tags=["profiles"],
    status_code=200,
    opt={"limited": True},
    summary="Say what a profile's form comes to, or everything that is wrong with it",
)
async def validate(data: RawForm, config: Config) -> Validated:
    """Nothing is kept. A word that may not be published is an error of its field, which says what was found and why;
    one that a moderator is to look at is in `flags`.
    """
    return await validated(data, config.profile_hashtags_most)


router = Router("/", route_handlers=[validate])
