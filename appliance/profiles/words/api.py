"""`/words`: the list of what nobody may publish. For admin keys and the operator's page."""

from typing import Annotated, Any

from litestar import Router, delete, get, post, put
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.errors import NotAllowed
from appliance.logs import log
from appliance.profiles.words import rows
from appliance.profiles.words.rows import ForbiddenWord, NewWord
from appliance.settings.layers import Author

MOST_A_PAGE = 500
HIGHEST = 10**18  # of an id
WordId = Annotated[int, Parameter(ge=0, le=HIGHEST)]


def _author(caller: Caller) -> Author:
    if not (caller.admin or (caller.owner is None and not caller.server)):
        raise NotAllowed("This needs an admin key, or the operator's page")
    return Author(caller.name, "api")


@get("/words/", tags=["words"], summary="The forbidden words, in the order in which they came")
async def list_words(
    caller: Caller,
    language: Annotated[str | None, Parameter(max_length=8)] = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 100,
    cursor: WordId = 0,
) -> dict[str, Any]:
    """Give `next_cursor` as `cursor` to go on; it is null on the last page."""
    _author(caller)
    found = await rows.page(language, cursor, limit + 1)
    more = len(found) > limit
    return {"words": found[:limit], "next_cursor": found[limit - 1].id if more else None}


@post("/words/", tags=["words"], summary="Forbid a word")
async def add_word(data: NewWord, caller: Caller) -> ForbiddenWord:
    """It holds from the next form on, in all processes."""
    by = _author(caller)
    made = await rows.add(data, by)
    log.info("word forbidden", word=made.word, language=made.language, by=by.who)
    return made


@put("/words/{word_id:int}", tags=["words"], summary="Change how a word is looked for, or how severely it is taken")
async def change_word(word_id: WordId, data: NewWord, caller: Caller) -> ForbiddenWord:
    by = _author(caller)
    changed = await rows.change(word_id, data, by)
    log.info("forbidden word changed", word=changed.word, language=changed.language, by=by.who)
    return changed


@delete("/words/{word_id:int}", tags=["words"], summary="Allow a word again")
async def remove_word(word_id: WordId, caller: Caller) -> None:
    by = _author(caller)
    await rows.remove(word_id, by)
    log.info("word allowed again", word=word_id, by=by.who)


router = Router("/", route_handlers=[list_words, add_word, change_word, remove_word])
