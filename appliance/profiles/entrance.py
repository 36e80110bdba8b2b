"""Where an edition comes in: checked as a whole, kept, and taken as far as it gets at once."""

from collections.abc import Mapping
from uuid import UUID

from appliance.errors import BadRequest, TooMany
from appliance.logs import log
from appliance.profiles import editions, form, uploads
from appliance.profiles.form import Form, RawForm
from appliance.profiles.gates import Ground
from appliance.profiles.pipeline import Pipeline
from appliance.profiles.words import service as words
from appliance.profiles.words.service import Findings


async def looked_at(raw: RawForm, most_hashtags: int) -> tuple[Form, Findings, dict[str, str]]:
    """The form normalised, what of the list is in it, and what is wrong, by the field. Raises Unavailable."""
    checked, errors = form.looked_at(raw, most_hashtags)
    found = await words.judged(checked)
    return checked, found, found.fields | errors


class TooManyEditions(TooMany):
    code = "too_many_editions"
    title = "That is more than may be sent in within a day"
    retry_after = 3600


class Entrance:
    """Takes in what people send."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._pipeline = ground, Pipeline(ground)

    async def take(self, user: str, raw: RawForm, paths: Mapping[str, str]) -> UUID:
        """The new edition. Raises BadRequest with every field that is not good, TooManyEditions, Busy and MediaGone."""
        checked, found, errors = await looked_at(raw, self._ground.settings.now.profile_hashtags_most)
        try:
            media = await uploads.claimed(user, paths, self._ground.settings.now)
        except BadRequest as unfit:
            errors |= unfit.fields
        if errors:
            raise form.unfit(errors)
        await self._must_not_be_too_many(user)
        made = await self._ground.editions.open(user, checked, found.flags, media)
        log.info("sent in", edition=str(made), user=user)
        try:
            await self._pipeline.advance(made)
        except Exception as error:  # it is kept: whoever looks at what is due takes it on
            log.warning("an edition could not be looked at at once", edition=str(made), exc_info=error)
        return made

    async def _must_not_be_too_many(self, user: str) -> None:
        most = self._ground.settings.now.profile_editions_a_day
        if most and await editions.sent_in_lately(user) >= most:
            raise TooManyEditions(f"More than {most} can't be sent in within a day")
